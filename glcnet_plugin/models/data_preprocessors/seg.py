"""Preprocessor of segmentation."""

from mmseg.models import SegDataPreProcessor

from glcnet_plugin.models.data_preprocessors.multiband import MultiBandMixin
from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class RSSegDataPreProcessor(MultiBandMixin, SegDataPreProcessor):
    """MM's ``SegDataPreProcessor`` for any number of bands.

    See :class:`MultiBandMixin` for the arguments.
    """
