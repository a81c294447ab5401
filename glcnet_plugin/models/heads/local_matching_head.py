"""The local branch: match regions of the same ground in two views."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.heads.base_contrast_head import BaseContrastHead
from glcnet_plugin.models.heads.outputs import BranchOutput
from glcnet_plugin.models.utils import pool_regions, sample_regions
from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class LocalMatchingHead(BaseContrastHead):
    """Local matching contrastive module (GLCNet, section III-C).

    All valid regions of the batch are items of one loss, so other regions of the same image
    are negatives too. Source: https://arxiv.org/abs/2106.10605; sizes of the official code.

    Args:
        in_channels: Channels D of the dense map.
        hidden_channels: Width of the hidden layer.
        out_channels: Length of the embeddings that are compared.
        num_regions: Regions per image, K; the official code uses 4.
        region_size: Side of a region in view pixels; the official code uses 48 of 224. With
            multiple sizes, each gets an equal share of the regions.
        ground_aligned: Whether the two boxes of a region cover the same ground, where the
            official code gives them the same size in pixels, see :func:`sample_regions`.
        loss: Config of the loss.
        exclude: 'image', 'scene' or None, see :class:`BaseContrastHead`.
        norm: Whether the projector has batch normalisation, see :class:`BaseContrastHead`. Its
            statistics include regions that are not valid.

    Raises:
        ConfigError: If ``num_regions`` or a ``region_size`` is below 1, or the regions do not
            divide among the sizes.
    """

    def __init__(
        self,
        in_channels: int = 64,
        hidden_channels: int = 64,
        out_channels: int = 64,
        num_regions: int = 4,
        region_size: int | Sequence[int] = 48,
        ground_aligned: bool = False,
        loss: dict[str, Any] | None = None,
        exclude: str | None = None,
        norm: bool = False,
    ) -> None:
        super().__init__(in_channels, hidden_channels, out_channels, loss, exclude, norm)
        sizes = [region_size] if isinstance(region_size, int) else list(region_size)
        if num_regions < 1 or min(sizes, default=0) < 1:
            raise ConfigError(
                'num_regions and region_size must be at least 1, got '
                f'{num_regions} and {region_size}'
            )
        if num_regions % len(sizes):
            raise ConfigError(
                f'num_regions={num_regions} does not divide among the {len(sizes)} sizes '
                f'{sizes}: use a multiple of {len(sizes)}'
            )
        self.num_regions = num_regions
        self.region_sizes = sizes
        self.ground_aligned = ground_aligned

    def draw_regions(
        self, view_matrix: Tensor, input_size: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """Draw the regions of a batch.

        Args:
            view_matrix: (B, 2, 3, 3) source pixels to view pixels.
            input_size: (H, W) of the views in pixels.

        Returns:
            Boxes (B, 2, K, 4) and valid (B, K), see :func:`sample_regions`.
        """
        share = self.num_regions // len(self.region_sizes)
        drawn = [
            sample_regions(view_matrix, input_size, share, size, ground_aligned=self.ground_aligned)
            for size in self.region_sizes
        ]
        boxes, valid = zip(*drawn, strict=True)
        return torch.cat(boxes, dim=2), torch.cat(valid, dim=1)

    def embed(
        self, dense_map: Tensor, boxes: Tensor, input_size: tuple[int, int], align_corners: bool
    ) -> Tensor:
        """Embeddings of regions.

        Args:
            dense_map: (N, D, h, w) dense maps.
            boxes: (N, K, 4) in view pixels.
            input_size: (H, W) of the views in pixels.
            align_corners: How the dense map is upsampled to the view.

        Returns:
            (N, K, out_channels).
        """
        return self.project(pool_regions(dense_map, boxes, input_size, align_corners))

    def loss(
        self,
        dense_map: Tensor,
        view_matrix: Tensor,
        input_size: tuple[int, int],
        align_corners: bool,
        scenes: Tensor | None = None,
    ) -> BranchOutput:
        """Draw regions and contrast their mean features.

        Args:
            dense_map: (2B, D, h, w) dense maps, all of view 1 before all of view 2.
            view_matrix: (B, 2, 3, 3) source pixels to view pixels.
            input_size: (H, W) of the views in pixels.
            align_corners: How the dense map is upsampled to the view.
            scenes: (B,) scene number of each image, or None.

        Returns:
            Loss, its chance level, and the embeddings of the regions.
        """
        boxes, valid = self.draw_regions(view_matrix, input_size)  # (B, 2, K, 4), (B, K)
        per_view = boxes.transpose(0, 1).flatten(0, 1)  # (2B, K, 4)
        embeddings = self.embed(dense_map, per_view, input_size, align_corners)
        z1, z2 = (z.flatten(0, 1) for z in embeddings.chunk(2))  # (B * K, out_channels) each
        groups = self.excluded_groups(scenes, *valid.shape)  # (B, K)
        if groups is not None:
            groups = groups.flatten()
        valid = valid.flatten()
        loss, chance = self.loss_module(z1, z2, groups, valid)
        return BranchOutput(loss, chance, z1, z2, valid, boxes)
