"""Contrastive losses: the pure function, and the modules that configs name."""

import lazy_loader as lazy

# The function needs no OpenMMLab package, the modules do: they are imported on first use.
__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        'contrastive': ['nt_xent'],
        'nt_xent_loss': ['NTXentLoss'],
        'queue_nt_xent_loss': ['QueueNTXentLoss'],
        'swapped_prediction_loss': ['SwappedPredictionLoss'],
    },
)
