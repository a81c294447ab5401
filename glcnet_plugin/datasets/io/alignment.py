"""Whether a label raster lies on the pixels of its image."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from rasterio import Affine
from rasterio.crs import CRS

from glcnet_plugin.datasets.io.headers import RASTER_SUFFIXES, ImageInfo, image_info, suffix_of
from glcnet_plugin.errors import DataError

MAX_SHIFT = 0.5  # pixels that corners may differ by rounding


def misplacement(image: ImageInfo, mask: ImageInfo) -> str:
    """Say how the place of a mask differs from that of its image; empty where it does not.

    Args:
        image: Header of the image.
        mask: Header of the mask.

    Returns:
        The difference and the remedy. Empty too where one of them has no georeference, or
        their sizes differ, which is another fault.
    """
    if image.transform is None or mask.transform is None or image.crs is None or mask.crs is None:
        return ''
    if (image.height, image.width) != (mask.height, mask.width):
        return ''
    remedy = 'warp the mask to the grid of its image (rio warp --like IMAGE MASK OUT)'
    if CRS.from_string(image.crs) != CRS.from_string(mask.crs):
        return f'its CRS is {mask.crs}, that of its image {image.crs}: {remedy}'
    ground, grid = Affine(*image.transform), Affine(*mask.transform)
    if ground.e * grid.e < 0:
        ways = ('south-up', 'north-up')
        return f'it is stored {ways[grid.e < 0]}, its image {ways[ground.e < 0]}: {remedy}'
    corners = [(x, y) for x in (0, image.width) for y in (0, image.height)]
    shifts = np.array([np.subtract(~ground @ (grid @ c), c) for c in corners])  # x, y in pixels
    if np.abs(shifts).max() <= MAX_SHIFT:
        return ''
    x, y = shifts[np.abs(shifts).max(axis=1).argmax()].round(1).tolist()
    return f'it lies up to {x:g} px (x) and {y:g} px (y) off its image: {remedy}'


@lru_cache(1 << 17)
def require_aligned(image: str, mask: str) -> None:
    """Raise DataError if a label raster lies elsewhere than its image; looked at once.

    Args:
        image: Path of the image.
        mask: Path of the mask.
    """
    if suffix_of(image) not in RASTER_SUFFIXES or suffix_of(mask) not in RASTER_SUFFIXES:
        return
    if Path(mask).exists() and (text := misplacement(image_info(image), image_info(mask))):
        raise DataError(f'{mask} does not lie on {image}: {text}')
