"""What is drawn of two views that are made later: matrices and changes of colour."""

from collections.abc import Mapping, Sequence
from functools import singledispatch
from typing import Any, NamedTuple

import cv2
import numpy as np

from glcnet_plugin.datasets.transforms.photometric import (
    RandomBandCopy,
    RandomGaussianBlur,
    RandomHSVShift,
)
from glcnet_plugin.datasets.transforms.photometric_base import Floats, Image
from glcnet_plugin.geometry import Matrix


class HSVShift(NamedTuple):
    """What :class:`RandomHSVShift` drew."""

    shift: Floats  # of hue in degrees, of saturation and value in shares
    bands: Sequence[int]  # red, green and blue
    low: Floats  # (3,) low end of the range of these bands
    width: Floats  # (3,) width of the range
    limited: bool  # whether values end at the range, as integers do


class BandCopy(NamedTuple):
    """What :class:`RandomBandCopy` drew."""

    band: int
    low: Floats  # (bands,) low end of the range
    width: Floats  # (bands,) width of the range


class Blur(NamedTuple):
    """What :class:`RandomGaussianBlur` drew."""

    kernel: Floats  # (size,) weights along an axis


Change = HSVShift | BandCopy | Blur


class DrawnViews(NamedTuple):
    """How to make the two views of a tile."""

    to_tile: Matrix  # (2, 3, 3) view pixels -> tile pixels
    size: tuple[int, int]  # height and width of the views
    changes: tuple[dict[int, Change], dict[int, Change]]  # of each view, by place in its pipeline


@singledispatch
def draw(step: Any, tile: Image, sample: Mapping[str, Any]) -> Change | None:
    """Draw what a step does to colours.

    Args:
        step: A photometric transform.
        tile: (H, W, bands).
        sample: The sample, with ``value_range`` and ``colour_bands`` where they are known.

    Returns:
        The change, or None for none.
    """
    raise NotImplementedError(type(step))


@draw.register
def _(step: RandomHSVShift, tile: Image, sample: Mapping[str, Any]) -> HSVShift | None:
    bands = step.colours(tile, sample)
    if bands is None:
        return None
    low, width = (values[bands] for values in step.value_range(tile, sample))
    shift = np.random.uniform(-step.limits, step.limits).astype(np.float32)
    return HSVShift(shift, bands, low, _divisor(width), np.issubdtype(tile.dtype, np.integer))


@draw.register
def _(step: RandomBandCopy, tile: Image, sample: Mapping[str, Any]) -> BandCopy:
    return BandCopy(int(np.random.randint(tile.shape[2])), *step.value_range(tile, sample))


@draw.register
def _(step: RandomGaussianBlur, tile: Image, sample: Mapping[str, Any]) -> Blur:
    size = int(np.random.choice(step.kernel_sizes))
    return Blur(cv2.getGaussianKernel(size, 0, cv2.CV_32F)[:, 0])


def _divisor(width: Floats) -> Floats:
    """Widths, 1 where they are 0."""
    return np.where(width > 0, width, np.float32(1))
