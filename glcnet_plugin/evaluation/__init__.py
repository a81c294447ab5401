"""Scores of segmentations and of frozen features."""

import lazy_loader as lazy

# The functions need no OpenMMLab package, the metric does: it is imported when asked for.
__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        'confusion': ['confusion_matrix', 'confusion_scores'],
        'metric': ['RSSegMetric'],
        'probe': ['linear_probe'],
    },
)
