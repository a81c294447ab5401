"""What the headers of images say, read without their pixels."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError
from rasterio.errors import RasterioError

from glcnet_plugin.datasets.io.rasters import (
    RGB,
    Image,
    colours_of,
    file_state,
    has_mask,
    is_virtual,
    mask_bands,
    opened,
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
    """What the header of an image says; CRS and extent only where it is georeferenced.

    A file without a CRS may have a transform, as of a world file. Bands are counted as
    :func:`read_image` gives them.
    """

    height: int
    width: int
    bands: int
    dtype: str
    band_names: tuple[str | None, ...] = ()
    nodata: float | None = None
    may_miss: bool = False  # whether read_masked can find anything missing
    crs: str | None = None
    bounds: tuple[float, float, float, float] | None = None  # left, bottom, right, top
    transform: tuple[float, ...] | None = None  # a, b, c, d, e, f of rasterio: pixel to ground
    palette: dict[int, tuple[int, int, int]] = field(default_factory=dict)
    remarks: tuple[tuple[str, str], ...] = ()  # code and text: what reading assumes

    @property
    def too_large(self) -> bool:
        """Whether a PNG or JPEG of this size is not decoded whole."""
        return self.height * self.width > DECODED_WHOLE


def image_info(path: str | Path, alpha: str = 'data') -> ImageInfo:
    """Read the header of an image.

    Args:
        path: File or ``/vsi`` address.
        alpha: See :func:`read_raster`.

    Returns:
        What it says.

    Raises:
        DataError: If the file is missing or not an image.
    """
    with readable(path):
        if suffix_of(path) == '.npy':
            array = load_array(path)
            floating = np.issubdtype(array.dtype, np.floating)
            height, width, bands = array.shape
            return ImageInfo(height, width, bands, str(array.dtype), may_miss=floating)
        with opened(path) as raster:
            located = raster.crs is not None
            palette, masks = colours_of(raster), mask_bands(raster, alpha)
            coloured = bool(palette) and alpha != 'indices'
            bands = RGB if coloured else raster.count - len(masks)
            return ImageInfo(
                height=raster.height,
                width=raster.width,
                bands=bands,
                dtype='uint8' if coloured else raster.dtypes[0],
                band_names=(None,) * RGB if coloured else raster.descriptions[:bands],
                nodata=raster.nodata,
                may_miss='float' in raster.dtypes[0]
                or has_mask(raster, range(raster.count), alpha),
                crs=raster.crs.to_string() if located else None,
                bounds=tuple(raster.bounds) if located else None,
                transform=place_of(raster),
                palette=palette,
                remarks=tuple(_remarks(raster, alpha)),
            )


def place_of(raster: Any) -> tuple[float, ...] | None:
    """Transform of a raster, a, b, c, d, e, f of rasterio; None where the file has none."""
    if raster.crs is None and raster.transform.is_identity:
        return None
    return tuple(raster.transform)[:6]


def _remarks(raster: Any, alpha: str) -> Iterator[tuple[str, str]]:
    """What the reading of a raster assumes, as code and text."""
    if colours_of(raster):
        yield 'palette_image', 'has a palette: its colours are read, as three bands'
    alphas = mask_bands(raster, 'mask')
    if alphas and alpha == 'mask':
        yield 'alpha', f"band {alphas[0]} is marked as alpha and taken for a mask (alpha='mask')"
    elif alphas:
        text = "is marked as alpha and read as data: alpha='mask' takes it for a mask"
        yield 'alpha', f'band {alphas[0]} {text}'
    if any(scale != 1 for scale in raster.scales) or any(raster.offsets):
        scales, offsets = list(raster.scales), list(raster.offsets)
        text = 'are read as stored, without them'
        yield 'scale_offset', f'has the scales {scales} and offsets {offsets}: values {text}'


def known_info(path: str | Path) -> ImageInfo:
    """:func:`image_info`, read once as long as the file is the same."""
    return _known_info(str(path), file_state(path))


@lru_cache(4096)
def _known_info(path: str, state: tuple[int, ...]) -> ImageInfo:
    """Header of a file in this state."""
    return image_info(path)


def image_size(path: str | Path) -> tuple[int, int]:
    """Height and width of an image; a fast look at its header, remembered.

    Args:
        path: See :func:`image_info`.

    Returns:
        Height and width in pixels.

    Raises:
        DataError: See :func:`image_info`.
    """
    return _image_size(str(path), file_state(path))


@lru_cache(1 << 17)
def _image_size(path: str, state: tuple[int, ...]) -> tuple[int, int]:
    """Size of a file in this state."""
    if suffix_of(path) != '.npy' and not is_virtual(path):
        try:
            with PillowImage.open(path) as image:  # without GDAL's search for side files
                return image.height, image.width
        except (OSError, SyntaxError, ValueError, PillowImage.DecompressionBombError):
            pass  # TIFFs of many bands, and what is no image: GDAL tells
    info = image_info(path)
    return info.height, info.width


@contextmanager
def readable(path: str | Path) -> Iterator[None]:
    """Turn what libraries raise on a bad file into a DataError that names it."""
    try:
        yield
    except DataError:
        raise
    except DAMAGED as error:
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


def suffix_of(path: str | Path) -> str:
    """Ending of a path or address in lower case."""
    return Path(str(path)).suffix.lower()


def load_array(path: str | Path) -> Image:
    """(H, W) or (H, W, bands) of a ``.npy`` file, mapped into memory -> (H, W, bands)."""
    array = np.load(path, mmap_mode='r', allow_pickle=False)
    if array.ndim not in (2, 3):
        raise ValueError(f'an array of shape {array.shape} is no image (H, W) or (H, W, bands)')
    return array[:, :, None] if array.ndim == 2 else array
