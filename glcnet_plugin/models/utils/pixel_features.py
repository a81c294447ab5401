"""Frozen pixel features of a segmentation network."""

from collections.abc import Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from glcnet_plugin.models.utils import capture_output, coarsest_map, default_style_source
from glcnet_plugin.models.utils.batch_norm import recalibrate


class PixelFeatures(nn.Module):
    """Features of single pixels: every backbone stage and the encoder map.

    Args:
        model: A network with ``backbone`` and ``decode_head``, such as mmseg's
            ``EncoderDecoder``; its parameters stay as they are.
        style_source: Submodule that gives the encoder map, 'backbone' for its coarsest one;
            None for the default of the family of the head.
    """

    def __init__(self, model: nn.Module, style_source: str | None = None) -> None:
        super().__init__()
        self.model = model
        head: Any = getattr(model, 'decode_head', None)
        self.style_source = style_source or default_style_source(head)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Feature maps of normalised images.

        Args:
            x: (B, bands, H, W).

        Returns:
            One (B, C, h, w) map per backbone stage, and the encoder map last; where that is a
            stage itself, it is not repeated.
        """
        stages = list(self.model.get_submodule('backbone')(x))
        if self.style_source == 'backbone':
            coarsest = coarsest_map(stages)
            return [m for m in stages if m is not coarsest] + [coarsest]
        neck = getattr(self.model, 'neck', None)
        with capture_output(self.model.get_submodule(self.style_source)) as encoder_maps:
            self.model.get_submodule('decode_head')(stages if neck is None else neck(stages))
        return [*stages, encoder_maps[-1]]

    def calibrate(self, batches: Iterable[Tensor]) -> None:
        """Re-estimate the statistics of batch normalisation on unlabelled images.

        Random weights come without statistics; doing this for every initialisation keeps a
        comparison fair.

        Args:
            batches: Normalised images, (B, bands, H, W) each.
        """
        recalibrate(self, batches)

    @torch.no_grad()
    def at(self, x: Tensor, points: Tensor) -> Tensor:
        """Features at given pixels, maps interpolated bilinearly.

        Args:
            x: (B, bands, H, W) normalised images.
            points: (B, P, 2) x and y of pixel indices.

        Returns:
            (B, P, F) features.
        """
        size = torch.tensor([x.shape[-1], x.shape[-2]], device=x.device)
        grid = (2 * (points + 0.5) / size - 1)[:, None].to(x.dtype)  # (B, 1, P, 2)
        sampled = [
            F.grid_sample(m, grid, padding_mode='border', align_corners=False)[:, :, 0]
            for m in self(x)
        ]  # (B, C, P) each
        return torch.cat(sampled, dim=1).mT


def normalise(model: Any, images: Tensor) -> Tensor:
    """Normalise raw images as the training of a network does.

    Args:
        model: A network of pretraining or segmentation, with its ``data_preprocessor``.
        images: (B, bands, H, W), in units of the images.

    Returns:
        (B, bands, H, W) float32, on the device of the network.

    Raises:
        DataError: If the bands are not those of the network.
    """
    batch = model.data_preprocessor({'inputs': [images], 'data_samples': None}, False)
    normalised: Tensor = batch['inputs'][0]
    return normalised
