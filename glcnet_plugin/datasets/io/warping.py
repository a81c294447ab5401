"""Label rasters on the grid of an image."""

from collections.abc import Collection
from uuid import uuid4

import numpy as np
import rasterio.shutil
from rasterio import Affine
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds

from glcnet_plugin.datasets.io.images import ImageInfo, image_info, readable
from glcnet_plugin.datasets.io.rasters import opened
from glcnet_plugin.errors import DataError


def has_other_grid(mask: ImageInfo, image: ImageInfo) -> bool:
    """Whether a label raster has another CRS or size than its image, and both lie on the earth.

    One of the same CRS and size that lies elsewhere is taken for a wrong georeference: see
    :func:`misplacement`.
    """
    if mask.crs is None or image.crs is None:
        return False
    systems = [CRS.from_string(crs) for crs in (mask.crs, image.crs)]
    if not all(crs.is_geographic or crs.is_projected for crs in systems):
        return False  # a local system: nothing leads from it to another
    alike = (mask.height, mask.width) == (image.height, image.width)
    return not alike or systems[0] != systems[1]


def warped_labels(path: str, image: ImageInfo, mapped: Collection[int] = ()) -> str:
    """Bring a label raster to the grid of an image, by the nearest pixel.

    Nothing is computed before it is read, and then window by window.

    Args:
        path: Raster of class ids with a CRS.
        image: Header of an image with a CRS.
        mapped: Values that stand for a class, also where the raster calls one of them nodata.

    Returns:
        Address of a virtual raster in the memory of this process, of the size of the image. Its
        nodata value, which the labels cannot hold, lies where theirs did and where they do not
        reach.

    Raises:
        DataError: If the labels cannot be read, or have more bands than one.
    """
    mask = image_info(path, 'indices')
    if mask.bands != 1:
        raise DataError(
            f'{path} has {mask.bands} bands: a label raster of another grid than its image has one '
            'band of class ids'
        )
    address = f'/vsimem/{uuid4().hex}.vrt'
    transform = Affine(*(image.transform or ()))
    dtype, nodata = _with_room(mask.dtype)
    with readable(path), opened(path) as raster, WarpedVRT(
        raster, crs=image.crs, transform=transform, height=image.height, width=image.width,
        resampling=Resampling.nearest, dtype=dtype, nodata=nodata,
        src_nodata=None if raster.nodata in mapped else raster.nodata,
    ) as warped:  # fmt: skip
        rasterio.shutil.copy(warped, address, driver='VRT')
    return address


def _with_room(dtype: str) -> tuple[str, float]:
    """Type that holds all values of another, and a value that is none of them, so no class."""
    own = np.dtype(dtype)
    if own.kind in 'iu' and own.itemsize < 4:
        wide = f'int{16 * own.itemsize}'
        return wide, int(np.iinfo(wide).min)
    return str(np.promote_types(own, np.float32)), np.nan


def require_common_ground(path: str, mask: ImageInfo, image: ImageInfo) -> None:
    """Raise DataError if labels, of this path and header, and image show different ground."""
    # not the other way round: labels of the whole earth have no place in most projections
    west, south, east, north = transform_bounds(image.crs, mask.crs, *_sorted(image))
    left, bottom, right, top = _sorted(mask)
    if left >= east or right <= west or bottom >= north or top <= south:
        raise DataError(
            f'{path} (CRS {mask.crs}) has no ground in common with its image (CRS {image.crs}): '
            f'in the CRS of the labels, they reach from {left:.8g}, {bottom:.8g} to {right:.8g}, '
            f'{top:.8g}, the image from {west:.8g}, {south:.8g} to {east:.8g}, {north:.8g}; give '
            'labels of this scene'
        )


def _sorted(info: ImageInfo) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of an image, also of one that is stored south-up."""
    left, bottom, right, top = info.bounds or (0.0, 0.0, 0.0, 0.0)
    return min(left, right), min(bottom, top), max(left, right), max(bottom, top)
