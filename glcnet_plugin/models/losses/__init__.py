"""Contrastive losses: the pure function, and the module that configs name."""

import lazy_loader as lazy

# The function needs no OpenMMLab package, the module does: it is imported when asked for.
__getattr__, __dir__, __all__ = lazy.attach(
    __name__, submod_attrs={'contrastive': ['nt_xent'], 'nt_xent_loss': ['NTXentLoss']}
)
