"""The local branch: the same ground is found again in the other view."""

from typing import Any

from torch import Tensor

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.heads.contrast_head import BranchLoss, ContrastHead
from glcnet_plugin.models.utils import pool_regions, sample_regions
from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class LocalMatchingHead(ContrastHead):
    """Local matching contrastive module (GLCNet, section III-C).

    All valid regions of the batch are items of one loss, so the other regions of the same
    image are negatives too. Source: https://arxiv.org/abs/2106.10605; sizes of the official
    code.

    Args:
        in_channels: Channels D of the dense map.
        hidden_channels: Width of the hidden layer.
        out_channels: Length of the embeddings that are compared.
        num_regions: Regions per image, K; the official code uses 4.
        region_size: Side of a region in view pixels; the official code uses 48 of 224.
        loss: Config of the loss.

    Raises:
        ConfigError: If ``num_regions`` or ``region_size`` is below 1.
    """

    def __init__(
        self,
        in_channels: int = 64,
        hidden_channels: int = 64,
        out_channels: int = 64,
        num_regions: int = 4,
        region_size: int = 48,
        loss: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(in_channels, hidden_channels, out_channels, loss)
        if num_regions < 1 or region_size < 1:
            raise ConfigError(
                'num_regions and region_size must be at least 1, got '
                f'{num_regions} and {region_size}'
            )
        self.num_regions = num_regions
        self.region_size = region_size

    def loss(
        self,
        dense_map: Tensor,
        view_matrix: Tensor,
        input_size: tuple[int, int],
        align_corners: bool,
    ) -> BranchLoss:
        """Draw regions and contrast their mean features.

        Args:
            dense_map: (2B, D, h, w) dense maps, all of view 1 before all of view 2.
            view_matrix: (B, 2, 3, 3) source pixels to view pixels.
            input_size: (H, W) of the views in pixels.
            align_corners: How the dense map is upsampled to the view.

        Returns:
            Loss and its chance level.
        """
        boxes, valid = sample_regions(
            view_matrix, input_size, self.num_regions, self.region_size
        )  # (B, 2, K, 4), (B, K)
        boxes = boxes.transpose(0, 1).flatten(0, 1)  # (2B, K, 4)
        features = pool_regions(dense_map, boxes, input_size, align_corners)  # (2B, K, D)
        z1, z2 = self.project(features).chunk(2)  # (B, K, out_channels) each
        return self.contrast(z1[valid], z2[valid])
