"""Read images of any format, band count and size, whole or by windows.

Everything that GDAL opens goes through rasterio: GeoTIFF, JPEG 2000, VRT, and addresses that
start with ``/vsi`` (``/vsicurl/https://...``, ``/vsis3/bucket/...``, ``/vsizip/a.zip/b.tif``).
PNG and JPEG go through OpenCV, which is faster, and ``.npy`` through NumPy.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from mmengine import fileio
from PIL import UnidentifiedImageError
from rasterio.errors import RasterioError

from glcnet_plugin.datasets.io.rasters import (
    Bands,
    Image,
    Missing,
    Window,
    band_indices,
    checked_window,
    file_state,
    has_mask,
    is_virtual,
    not_finite,
    opened,
    read_raster,
    read_window,
)
from glcnet_plugin.errors import DataError

RASTER_SUFFIXES = ('.tif', '.tiff', '.jp2', '.vrt', '.img')
IMAGE_SUFFIXES = ('.png', '.jpg', '.jpeg', '.npy', *RASTER_SUFFIXES)

# PNG and JPEG have no windows: they are decoded whole and cut, by GDAL's lines if larger (pixels)
DECODED_WHOLE = 80_000_000
# what the libraries raise on the content of a file
DAMAGED = (RasterioError, UnidentifiedImageError, cv2.error, ValueError, EOFError, SyntaxError)


@dataclass(frozen=True)
class ImageInfo:
    """What the header of an image says; place and extent only where it is georeferenced."""

    height: int
    width: int
    bands: int
    dtype: str
    band_names: tuple[str | None, ...] = ()
    nodata: float | None = None
    may_miss: bool = False  # whether read_masked can find anything missing
    crs: str | None = None
    bounds: tuple[float, float, float, float] | None = None  # left, bottom, right, top

    @property
    def too_large(self) -> bool:
        """Whether a PNG or JPEG of this size is not decoded whole."""
        return self.height * self.width > DECODED_WHOLE


def image_info(path: str | Path) -> ImageInfo:
    """Read the header of an image.

    Args:
        path: File or ``/vsi`` address.

    Returns:
        What it says.

    Raises:
        DataError: If the file is missing or not an image.
    """
    with readable(path):
        if _suffix(path) == '.npy':
            array = _load_array(path)
            floating = np.issubdtype(array.dtype, np.floating)
            height, width, bands = array.shape
            return ImageInfo(height, width, bands, str(array.dtype), may_miss=floating)
        with opened(path) as raster:
            located = raster.crs is not None
            return ImageInfo(
                height=raster.height,
                width=raster.width,
                bands=raster.count,
                dtype=raster.dtypes[0],
                band_names=raster.descriptions,
                nodata=raster.nodata,
                may_miss='float' in raster.dtypes[0] or has_mask(raster, range(raster.count)),
                crs=raster.crs.to_string() if located else None,
                bounds=tuple(raster.bounds) if located else None,
            )


def read_image(
    path: str | Path,
    bands: Bands | None = None,
    window: Window | None = None,
    backend_args: dict[str, Any] | None = None,
) -> Image:
    """Read an image, colours as R, G, B (not B, G, R as in mmcv).

    Args:
        path: File, ``/vsi`` address, or what an MM file backend understands.
        bands: Indices from 0, or names that the file gives its bands, in the order wanted;
            None for all.
        window: (y, x, height, width) in pixels; None for the whole image.
        backend_args: Arguments of an MM file backend, which then fetches the whole file.

    Returns:
        (H, W, bands) array of the type stored in the file.

    Raises:
        DataError: If the file is missing or damaged, or has no such band; names the path.
    """
    return read_masked(path, bands, window, backend_args)[0]


def read_masked(
    path: str | Path,
    bands: Bands | None = None,
    window: Window | None = None,
    backend_args: dict[str, Any] | None = None,
) -> tuple[Image, Missing]:
    """Read an image and what is missing in it: nodata, masked out, or not finite.

    Args:
        path: See :func:`read_image`.
        bands: See :func:`read_image`.
        window: See :func:`read_image`.
        backend_args: See :func:`read_image`.

    Returns:
        The image (H, W, bands), and a mask of the same shape, or None if nothing is missing.

    Raises:
        DataError: See :func:`read_image`.
    """
    suffix = _suffix(path)
    with readable(path):
        if suffix == '.npy':
            image = _choose(_load_array(path), bands, window, path)
            return image, not_finite(image)
        by_gdal = suffix in RASTER_SUFFIXES or is_virtual(path)
        if backend_args is None and window is not None and (by_gdal or decoded_by_lines(path)):
            return read_window(path, bands, window)
        if backend_args is None and by_gdal:
            with opened(path) as raster:
                return read_raster(raster, bands)
        data = fileio.get(str(path), backend_args=backend_args)
        if by_gdal:
            with opened(path, data) as raster:
                return read_raster(raster, bands, window)
        return _choose(_decode(data), bands, window, path), None


def has_windows(path: str | Path) -> bool:
    """Whether parts of a file can be read without decoding all of it."""
    return _suffix(path) in (*RASTER_SUFFIXES, '.npy') or is_virtual(path)


def decoded_by_lines(path: str | Path) -> bool:
    """Whether a PNG or JPEG is too large to be decoded whole."""
    return _header(str(path), file_state(path)).too_large


@lru_cache(4096)
def _header(path: str, state: tuple[int, ...]) -> ImageInfo:
    """Header of an image, read once as long as the file is the same."""
    return image_info(path)


@contextmanager
def readable(path: str | Path) -> Iterator[None]:
    """Turn what libraries raise on a bad file into a DataError that names it."""
    try:
        yield
    except DataError:
        raise
    except (
        RasterioError,
        UnidentifiedImageError,
        cv2.error,
        ValueError,
        EOFError,
        SyntaxError,
    ) as error:
        if is_virtual(path):
            raise DataError(f'cannot read image {path}: {_cause(error)}') from error
        if not Path(path).exists():
            raise DataError(f'cannot open image {path}: no such file') from error
        size = Path(path).stat().st_size
        raise DataError(f'cannot decode image {path} ({size} bytes): {_cause(error)}') from error
    except OSError as error:
        raise DataError(f'cannot open image {path}: {error}') from error


def _cause(error: BaseException) -> BaseException:
    """What went wrong first: rasterio says 'see previous exception', users do not see it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _suffix(path: str | Path) -> str:
    """Ending of a path or address in lower case."""
    return Path(str(path)).suffix.lower()


def _load_array(path: str | Path) -> Image:
    """(H, W) or (H, W, bands) of a ``.npy`` file, mapped into memory -> (H, W, bands)."""
    array = np.load(path, mmap_mode='r', allow_pickle=False)
    if array.ndim not in (2, 3):
        raise ValueError(f'an array of shape {array.shape} is no image (H, W) or (H, W, bands)')
    return array[:, :, None] if array.ndim == 2 else array


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
