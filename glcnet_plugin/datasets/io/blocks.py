"""Large images part by part, in bounded memory."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from glcnet_plugin.datasets.io.images import (
    ImageInfo,
    has_windows,
    read_masked,
)
from glcnet_plugin.datasets.io.rasters import Bands, Image, Missing, Window

BLOCK = 2048  # side of the parts in pixels


def blocks(info: ImageInfo) -> Iterator[Window]:
    """Windows that cover an image, none larger than ``BLOCK`` px along a side."""
    for y in range(0, info.height, BLOCK):
        for x in range(0, info.width, BLOCK):
            yield y, x, min(BLOCK, info.height - y), min(BLOCK, info.width - x)


def read_blocks(
    path: str | Path, info: ImageInfo, bands: Bands | None = None, alpha: str = 'data'
) -> Iterator[tuple[Image, Missing]]:
    """Read an image part by part; PNG and JPEG are decoded once.

    Args:
        path: See :func:`read_image`.
        info: Header of the image.
        bands: See :func:`read_image`.
        alpha: See :func:`read_image`.

    Yields:
        What :func:`read_masked` gives for each block.

    Raises:
        DataError: See :func:`read_image`.
    """
    if has_windows(path) or info.too_large:
        whole = info.height <= BLOCK and info.width <= BLOCK
        for window in blocks(info):
            yield read_masked(path, bands, None if whole else window, alpha=alpha)
        return
    image, missing = read_masked(path, bands, alpha=alpha)
    for y, x, height, width in blocks(info):
        part = np.s_[y : y + height, x : x + width]
        yield image[part], None if missing is None else missing[part]
