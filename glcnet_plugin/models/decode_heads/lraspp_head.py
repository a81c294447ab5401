"""Lite R-ASPP for images of any size."""

from typing import Any

from mmseg.models.decode_heads import LRASPPHead
from torch import nn

from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class RSLRASPPHead(LRASPPHead):
    """MM's ``LRASPPHead`` that pools over the whole map.

    MM's pools over windows of 49 x 49 cells, made for street scenes of 2048 x 1024 px; the map
    of a tile of 256 px is smaller than one window. Parameters are named as in MM.

    Source: Howard et al., Searching for MobileNetV3, ICCV 2019, section 6.4,
    https://arxiv.org/abs/1905.02244.

    Args:
        kwargs: Arguments of MM's class.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.image_pool[0] = nn.AdaptiveAvgPool2d(1)
