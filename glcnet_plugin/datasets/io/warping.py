"""Label rasters on the grid of an image."""

from uuid import uuid4

import rasterio.shutil
from rasterio import Affine
from rasterio.crs import CRS
from rasterio.enums import Resampling
from rasterio.vrt import WarpedVRT
from rasterio.warp import transform_bounds

from glcnet_plugin.datasets.io.images import ImageInfo, image_info, readable
from glcnet_plugin.datasets.io.masks import IGNORE
from glcnet_plugin.datasets.io.rasters import opened
from glcnet_plugin.errors import DataError


def has_other_grid(mask: ImageInfo, image: ImageInfo) -> bool:
    """Whether a label raster has another CRS or size than its image, and both have a CRS.

    One of the same CRS and size that lies elsewhere is taken for a wrong georeference: see
    :func:`misplacement`.
    """
    if mask.crs is None or image.crs is None:
        return False
    alike = (mask.height, mask.width) == (image.height, image.width)
    return not alike or CRS.from_string(mask.crs) != CRS.from_string(image.crs)


def warped_labels(path: str, image: ImageInfo) -> str:
    """Bring a label raster to the grid of an image, by the nearest pixel.

    Nothing is computed before it is read, and then window by window.

    Args:
        path: Raster of class ids with a CRS.
        image: Header of an image with a CRS.

    Returns:
        Address of a virtual raster in the memory of this process, of the size of the image; 255 is
        nodata, also where the labels do not reach.

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
    with readable(path), opened(path) as raster, WarpedVRT(
        raster, crs=image.crs, transform=transform, height=image.height, width=image.width,
        resampling=Resampling.nearest, nodata=IGNORE,
        src_nodata=IGNORE if raster.nodata is None else raster.nodata,
    ) as warped:  # fmt: skip
        rasterio.shutil.copy(warped, address, driver='VRT')
    return address


def require_common_ground(path: str, mask: ImageInfo, image: ImageInfo) -> None:
    """Raise DataError if labels, of this path and header, and image show different ground."""
    left, bottom, right, top = transform_bounds(mask.crs, image.crs, *_sorted(mask))
    west, south, east, north = _sorted(image)
    if left >= east or right <= west or bottom >= north or top <= south:
        raise DataError(
            f'{path} (CRS {mask.crs}) has no ground in common with its image: in the CRS of the '
            f'image, {image.crs}, the labels reach from {left:.0f}, {bottom:.0f} to {right:.0f}, '
            f'{top:.0f}, the image from {west:.0f}, {south:.0f} to {east:.0f}, {north:.0f}; give '
            'labels of this scene'
        )


def _sorted(info: ImageInfo) -> tuple[float, float, float, float]:
    """Left, bottom, right and top of an image, also of one that is stored south-up."""
    left, bottom, right, top = info.bounds or (0.0, 0.0, 0.0, 0.0)
    return min(left, right), min(bottom, top), max(left, right), max(bottom, top)
