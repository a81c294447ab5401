"""Make the views that :class:`TwoViewsOnDevice` drew, for a whole batch on its device."""

import math
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from glcnet_plugin.datasets.drawn_views import (
    BandCopy,
    Blur,
    Change,
    DrawnViews,
    HSVShift,
)
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.geometry import Matrix


def are_drawn(batch: Mapping[str, Any]) -> bool:
    """Whether the views of a batch are drawn, but not made."""
    samples = batch['data_samples']
    return isinstance(batch['inputs'], Tensor) and bool(samples) and 'drawn_views' in samples[0]


def raw_views(batch: Mapping[str, Any], number: int | None = None) -> list[Tensor]:
    """Views of a batch before they are normalised; makes those that are only drawn.

    Args:
        batch: What a loader gives: ``inputs``, views or tiles, and ``data_samples``.
        number: Samples to take, the first; None for all.

    Returns:
        (B, bands, H, W) each: two, or one of methods that take one.

    Raises:
        ConfigError: If views have to be made and kornia is missing.
    """
    inputs = batch['inputs']
    if are_drawn(batch):
        drawn = [sample.drawn_views for sample in batch['data_samples'][:number]]
        return make_views(inputs[:number], drawn)
    views = inputs if isinstance(inputs, list | tuple) else [inputs]
    return [view[:number] for view in views]


@torch.no_grad()
def make_views(tiles: Tensor, drawn: Sequence[DrawnViews]) -> list[Tensor]:
    """Make two views of each tile.

    Calculates in float32, also in a mixed-precision context. Rounds integers once, at the end,
    where the transforms round after each step.

    Args:
        tiles: (B, bands, H, W), on the device.
        drawn: How to make the views of each of the B tiles.

    Returns:
        Two tensors of the type of the tiles, (B, bands, h, w) each.

    Raises:
        ConfigError: If kornia is missing.
    """
    kornia = _kornia()
    with torch.autocast(tiles.device.type, enabled=False):
        views = []
        for index in range(2):
            matrices = np.stack([sample.to_tile[index] for sample in drawn])
            view = warp(tiles.float(), matrices, drawn[0].size)
            _change(view, [sample.changes[index] for sample in drawn], kornia)
            views.append(_restore(view, tiles.dtype))
        return views


def warp(tiles: Tensor, to_tile: Matrix, size: tuple[int, int]) -> Tensor:
    """Sample tiles at the centres of the pixels of a view, bilinearly and without a filter.

    Args:
        tiles: (B, bands, H, W) float32.
        to_tile: (B, 3, 3) view pixels -> tile pixels, in the convention of ``geometry.py``.
        size: Height and width of the view.

    Returns:
        (B, bands, h, w).
    """
    height, width = tiles.shape[-2:]
    to_unit = np.diag([2 / width, 2 / height, 1.0])  # edges of the tile at -1 and 1
    to_unit[:2, 2] = -1
    affine = _floats(to_unit @ to_tile, tiles)[:, None, None, :2]  # (B, 1, 1, 2, 3)
    y, x = (torch.arange(side, device=tiles.device) + 0.5 for side in size)
    # no matrix product: in TF32 it would be off by a tenth of a pixel
    grid = affine[..., 0] * x[:, None] + affine[..., 1] * y[:, None, None] + affine[..., 2]
    return F.grid_sample(tiles, grid, 'bilinear', 'border', align_corners=False)


def _change(views: Tensor, changes: Sequence[dict[int, Change]], kornia: Any) -> None:
    """Apply the changes of each view in their order, all of one kind at once, in place."""
    for place in sorted({place for change in changes for place in change}):
        where = [i for i, change in enumerate(changes) if place in change]
        drawn = [changes[i][place] for i in where]
        rows = _send(where, views)
        views[rows] = APPLY[type(drawn[0])](views[rows], drawn, kornia)


def shift_hsv(views: Tensor, drawn: Sequence[HSVShift], kornia: Any) -> Tensor:
    """Shift hue, saturation and value of three bands, as :class:`RandomHSVShift` does."""
    rows = torch.arange(len(views), device=views.device)[:, None]
    where = rows, _send([list(d.bands) for d in drawn], views)  # (B, 1), (B, 3)
    low, width, shift = (
        _floats([getattr(d, name) for d in drawn], views)[..., None, None]  # (B, 3, 1, 1)
        for name in ('low', 'width', 'shift')
    )
    rgb = (views[where] - low) / width
    inside = rgb.clamp(0, 1)
    hue, saturation, value = kornia.color.rgb_to_hsv(inside).unbind(1)
    hue = hue + shift[:, 0] * (math.pi / 180)
    saturation = (saturation + shift[:, 1]).clamp(0, 1)
    value = value + shift[:, 2]
    if drawn[0].limited:
        value = value.clamp(0, 1)
    shifted = kornia.color.hsv_to_rgb(torch.stack([hue, saturation, value], 1))
    views[where] = (shifted + rgb - inside) * width + low
    return views


def copy_band(views: Tensor, drawn: Sequence[BandCopy], kornia: Any) -> Tensor:
    """Copy a band to all, as :class:`RandomBandCopy` does."""
    low, width = (
        _floats([getattr(d, name) for d in drawn], views)[..., None, None]  # (B, bands, 1, 1)
        for name in ('low', 'width')
    )
    rows = torch.arange(len(views), device=views.device)[:, None]
    where = rows, _send([[d.band] for d in drawn], views)  # (B, 1) each
    divisor = torch.where(width[where] == 0, 1, width[where])
    return (views[where] - low[where]) / divisor * width + low


def blur(views: Tensor, drawn: Sequence[Blur], kornia: Any) -> Tensor:
    """Blur, each view with its kernel, as :class:`RandomGaussianBlur` does."""
    longest = max(len(d.kernel) for d in drawn)
    padded = [np.pad(d.kernel, (longest - len(d.kernel)) // 2) for d in drawn]
    kernels = _floats(padded, views)
    blurred: Tensor = kornia.filters.filter2d_separable(views, kernels, kernels)
    return blurred


APPLY: dict[type[Change], Any] = {HSVShift: shift_hsv, BandCopy: copy_band, Blur: blur}


def _floats(values: Any, like: Tensor) -> Tensor:
    """Numbers as float32 on the device of a tensor."""
    return _send(np.asarray(values, np.float32), like)


def _send(values: Any, like: Tensor) -> Tensor:
    """Values on the device of a tensor; from pinned memory, as a GPU else ends its work first."""
    tensor = torch.as_tensor(values)
    return (tensor.pin_memory() if like.is_cuda else tensor).to(like.device, non_blocking=True)


def _restore(views: Tensor, dtype: torch.dtype) -> Tensor:
    """Cast values; integers are rounded and clipped to their type."""
    if not dtype.is_floating_point:
        limits = torch.iinfo(dtype)
        views = views.round_().clamp_(limits.min, limits.max)
    return views.to(dtype)


def _kornia() -> Any:
    """The package kornia.

    Raises:
        ConfigError: If it is missing.
    """
    try:
        return import_module('kornia')
    except ImportError as error:
        raise ConfigError(
            f"TwoViewsOnDevice needs kornia ({error}): pip install 'glcnet-plugin[gpu-views]'"
        ) from error
