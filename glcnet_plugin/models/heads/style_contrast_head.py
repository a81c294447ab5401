"""The global branch: contrast images by their style."""

from typing import Any

from torch import Tensor

from glcnet_plugin.models.heads.base_contrast_head import BaseContrastHead
from glcnet_plugin.models.heads.outputs import BranchOutput
from glcnet_plugin.models.utils import full_precision, style_vector
from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class StyleContrastHead(BaseContrastHead):
    """Global style contrastive module (GLCNet, section III-B).

    Source: https://arxiv.org/abs/2106.10605; the sizes are those of the official code,
    512 -> 256 -> 64.

    Args:
        in_channels: Channels C of the encoder map times two (mean and variance).
        hidden_channels: Width of the hidden layer.
        out_channels: Length of the embeddings that are compared.
        loss: Config of the loss.
        exclude: 'scene' or None, see :class:`BaseContrastHead`.
        norm: Whether the projector has batch normalisation, see :class:`BaseContrastHead`.
    """

    per_channel = 2  # mean and variance

    def __init__(
        self,
        in_channels: int = 512,
        hidden_channels: int = 256,
        out_channels: int = 64,
        loss: dict[str, Any] | None = None,
        exclude: str | None = None,
        norm: bool = False,
    ) -> None:
        super().__init__(in_channels, hidden_channels, out_channels, loss, exclude, norm)

    def describe(self, encoder_map: Tensor) -> Tensor:
        """Encoder maps (N, C, h, w) -> style vectors (N, 2C)."""
        return style_vector(encoder_map)

    def embed(self, encoder_map: Tensor) -> Tensor:
        """Encoder maps (N, C, h, w) -> embeddings (N, out_channels)."""
        return self.project(self.describe(encoder_map))

    def loss(self, encoder_map: Tensor, scenes: Tensor | None = None) -> BranchOutput:
        """Contrast the styles of B images.

        Args:
            encoder_map: (2B, C, h, w) encoder maps, all of view 1 before all of view 2.
            scenes: (B,) scene number of each image, or None.

        Returns:
            Loss, its chance level, and the embeddings.
        """
        z1, z2 = self.embed(encoder_map).chunk(2)  # (B, out_channels) each
        groups = self.excluded_groups(scenes, len(z1), 1)
        loss, chance = self.loss_module(z1, z2, None if groups is None else groups[:, 0])
        return BranchOutput(loss, chance, z1, z2)


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
