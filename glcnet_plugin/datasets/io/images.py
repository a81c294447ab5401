"""Read images of any format, band count and size, whole or by windows.

Everything that GDAL opens goes through rasterio: GeoTIFF, JPEG 2000, VRT, and addresses that
start with ``/vsi`` (``/vsicurl/https://...``, ``/vsis3/bucket/...``, ``/vsizip/a.zip/b.tif``).
PNG and JPEG go through OpenCV, which is faster, and ``.npy`` through NumPy. PNGs that OpenCV
would change go through rasterio too: palettes, grey with alpha or of less than 8 bits, a
transparent colour.
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine import fileio

from glcnet_plugin.datasets.io.headers import (
    IMAGE_SUFFIXES,
    RASTER_SUFFIXES,
    ImageInfo,
    image_info,
    image_size,
    known_info,
    load_array,
    readable,
    suffix_of,
)
from glcnet_plugin.datasets.io.rasters import (
    SIDE_FILES,
    Bands,
    Image,
    Missing,
    Window,
    band_indices,
    checked_window,
    is_virtual,
    not_finite,
    opened,
    read_raster,
    read_window,
)

__all__ = [
    'IMAGE_SUFFIXES',
    'RASTER_SUFFIXES',
    'ImageInfo',
    'decoded_by_lines',
    'has_windows',
    'image_info',
    'image_size',
    'known_info',
    'read_image',
    'read_masked',
    'readable',
]
PNG_HEADER = 26  # bytes up to the colour type
# colour types in the header of a PNG
GREY, COLOUR, COLOUR_AND_ALPHA = 0, 2, 6


def read_image(
    path: str | Path,
    bands: Bands | None = None,
    window: Window | None = None,
    backend_args: dict[str, Any] | None = None,
    alpha: str = 'data',
) -> Image:
    """Read an image, colours as R, G, B (not B, G, R as in mmcv).

    Args:
        path: File, ``/vsi`` address, or what an MM file backend understands.
        bands: Indices from 0, or names that the file gives its bands, in the order wanted;
            None for all.
        window: (y, x, height, width) in pixels; None for the whole image.
        backend_args: Arguments of an MM file backend, which then fetches the whole file.
        alpha: 'data' or 'mask', see :func:`read_raster`.

    Returns:
        (H, W, bands) array of the type stored in the file.

    Raises:
        DataError: If the file is missing or damaged, or has no such band; names the path.
    """
    return read_masked(path, bands, window, backend_args, alpha)[0]


def read_masked(
    path: str | Path,
    bands: Bands | None = None,
    window: Window | None = None,
    backend_args: dict[str, Any] | None = None,
    alpha: str = 'data',
) -> tuple[Image, Missing]:
    """Read an image and what is missing in it: nodata, masked out, or not finite.

    Args:
        path: See :func:`read_image`.
        bands: See :func:`read_image`.
        window: See :func:`read_image`.
        backend_args: See :func:`read_image`; files with masks beside the image are fetched too.
        alpha: See :func:`read_image`.

    Returns:
        The image (H, W, bands), and a mask of the same shape, or None if nothing is missing.

    Raises:
        DataError: See :func:`read_image`.
    """
    suffix = suffix_of(path)
    with readable(path):
        if suffix == '.npy':
            image = _choose(load_array(path), bands, window, path)
            return image, not_finite(image)
        by_gdal = suffix in RASTER_SUFFIXES or is_virtual(path)
        if backend_args is None and window is not None and (by_gdal or decoded_by_lines(path)):
            return read_window(path, bands, window, alpha)
        if backend_args is None and by_gdal:
            with opened(path) as raster:
                return read_raster(raster, bands, window, alpha)
        data = fileio.get(str(path), backend_args=backend_args)
        beside = _side_files(str(path), backend_args)
        if by_gdal or beside or not _is_plain(data, alpha):
            with opened(path, data, beside) as raster:
                return read_raster(raster, bands, window, alpha)
        return _choose(_decode(data), bands, window, path), None


def _side_files(path: str, backend_args: dict[str, Any] | None) -> dict[str, bytes]:
    """Content of the files beside an image in which GDAL looks for a mask or nodata."""
    contents = {}
    for ending in SIDE_FILES:
        try:
            if fileio.exists(f'{path}{ending}', backend_args=backend_args):
                contents[ending] = fileio.get(f'{path}{ending}', backend_args=backend_args)
        except (AttributeError, NotImplementedError, OSError):
            continue  # a backend that cannot tell
    return contents


def _is_plain(data: bytes, alpha: str) -> bool:
    """Whether OpenCV gives the bands of a PNG or JPEG as they are stored."""
    if not data.startswith(b'\x89PNG'):
        return True
    if len(data) < PNG_HEADER or b'tRNS' in data[: data.find(b'IDAT') + 1]:
        return len(data) < PNG_HEADER  # OpenCV says what is wrong with it
    bits, kind = data[24], data[25]
    if kind == GREY:
        return bits >= 8
    return kind == COLOUR or (kind == COLOUR_AND_ALPHA and alpha != 'mask')


def has_windows(path: str | Path) -> bool:
    """Whether parts of a file can be read without decoding all of it."""
    return suffix_of(path) in (*RASTER_SUFFIXES, '.npy') or is_virtual(path)


def decoded_by_lines(path: str | Path) -> bool:
    """Whether a PNG or JPEG is too large to be decoded whole."""
    return known_info(path).too_large


def _choose(image: Image, bands: Bands | None, window: Window | None, path: str | Path) -> Image:
    """Choose bands and a window of an image in memory."""
    chosen = band_indices(bands, image.shape[2], (), path)
    if window is not None:
        y, x, height, width = checked_window(window, image.shape, path)
        image = image[y : y + height, x : x + width]
    return np.ascontiguousarray(image if bands is None else image[:, :, chosen])


def _decode(data: bytes) -> Image:
    """Bytes of a PNG or JPEG -> (H, W, bands), colours as R, G, B."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED) if data else None
    if image is None:
        raise ValueError('not an image, or damaged')
    if image.ndim == 2:
        return image[:, :, None]
    code = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}[image.shape[2]]
    return cv2.cvtColor(image, code)
