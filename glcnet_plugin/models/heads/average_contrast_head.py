"""The global branch without style: images are told apart by their mean features."""

from torch import Tensor

from glcnet_plugin.models.heads.style_contrast_head import StyleContrastHead
from glcnet_plugin.models.utils import full_precision
from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class AverageContrastHead(StyleContrastHead):
    """Global contrast of channel means alone, the paper's ablation without style.

    Source: GLCNet, section III-B, https://arxiv.org/abs/2106.10605; the mode "noStyle" of the
    official code, 256 -> 256 -> 64. Arguments as for :class:`StyleContrastHead`.
    """

    per_channel = 1

    def describe(self, encoder_map: Tensor) -> Tensor:
        """Encoder maps (N, C, h, w) -> channel means (N, C)."""
        with full_precision(encoder_map) as (encoder_map,):
            return encoder_map.mean((2, 3))
