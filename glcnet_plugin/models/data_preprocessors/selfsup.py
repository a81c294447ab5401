"""Preprocessor of pretraining."""

from mmpretrain.models.utils import SelfSupDataPreprocessor

from glcnet_plugin.models.data_preprocessors.multiband import MultiBandMixin
from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class RSSelfSupDataPreprocessor(MultiBandMixin, SelfSupDataPreprocessor):
    """MM's ``SelfSupDataPreprocessor`` for any number of bands.

    See :class:`MultiBandMixin` for the arguments.
    """
