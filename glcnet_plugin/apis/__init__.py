"""The functions that notebooks and scripts call.

- :func:`load_pretrained`: load a part of a checkpoint into a network, or stop.
- :class:`LoadReport`: what it loaded.
- :func:`load_model`: a trained segmentation network, ready to predict raw images.
- :class:`SegmentationModel`: what it gives, with ``predict`` and ``features`` of arrays.
- :func:`predict_scene`: a georeferenced map of a scene of any size.
- :func:`fit_probe`: fit a classifier to frozen features, for a map before any fine-tuning.
- :func:`export_weights`: write a part of a checkpoint into a file of tensors and plain facts.
- :class:`ExportReport`: what it wrote.
- :func:`describe`: architecture, method, bands, code and data of a checkpoint, from its ``meta``.
- :func:`read_weights`: read a checkpoint without executing anything it contains.
- :func:`latest_checkpoint`: the checkpoint of a work dir to resume from.
- :class:`PixelFeatures`: frozen features of single pixels.
- :func:`normalise`: normalise raw images as the training of a network does.
- :func:`linear_probe`, :func:`knn_probe`: score frozen features.
- :func:`confusion_scores`: OA, Kappa, mIoU and F1 of a confusion matrix.

Nothing is imported before a name is used.
"""

import lazy_loader as lazy

__getattr__, __dir__, __all__ = lazy.attach(
    'glcnet_plugin',
    submod_attrs={
        'checkpoints.export': ['ExportReport', 'describe', 'export_weights'],
        'checkpoints.latest': ['latest_checkpoint'],
        'checkpoints.loading': ['LoadReport', 'load_pretrained'],
        'checkpoints.safe_load': ['read_weights'],
        'evaluation.confusion': ['confusion_scores'],
        'evaluation.probe': ['knn_probe', 'linear_probe'],
        'inference.fit_probe': ['fit_probe'],
        'inference.loading': ['load_model'],
        'inference.model': ['SegmentationModel'],
        'inference.scene': ['predict_scene'],
        'models.utils.pixel_features': ['PixelFeatures', 'normalise'],
    },
)
