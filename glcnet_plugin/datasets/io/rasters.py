"""Windows of rasters that GDAL opens, through rasterio, in bounded memory."""

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import MaskFlags
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from rasterio.windows import Window as RasterWindow

from glcnet_plugin.errors import DataError

Image = NDArray[Any]
Missing = NDArray[np.bool_] | None
Window = tuple[int, int, int, int]  # y, x, height, width in pixels
Bands = Sequence[int | str]

# GDAL would keep a twentieth of the machine's memory in decoded blocks, per worker
CACHE_BYTES = 64 * 2**20
OPEN_SCENES = 32


def is_virtual(path: str | Path) -> bool:
    """Whether a path is an address of GDAL's virtual file systems."""
    return str(path).startswith('/vsi')


@contextmanager
def opened(path: str | Path, data: bytes | None = None) -> Iterator[Any]:
    """Open a raster for one reading.

    Args:
        path: File or ``/vsi`` address.
        data: Content of the file, where something else has fetched it.

    Yields:
        The dataset of rasterio.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', NotGeoreferencedWarning)
        if data is None:
            with rasterio.open(path) as raster:
                yield raster
        else:
            with MemoryFile(data) as memory, memory.open() as raster:
                yield raster


def read_window(path: str | Path, bands: Bands | None, window: Window) -> tuple[Image, Missing]:
    """Read a window of a scene that more windows will be read from: it stays open.

    Args:
        path: File or ``/vsi`` address.
        bands: See :func:`read_raster`.
        window: (y, x, height, width) in pixels.

    Returns:
        See :func:`read_raster`.
    """
    with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES):
        return read_raster(_kept_open(str(path), file_state(path)), bands, window)


def file_state(path: str | Path) -> tuple[int, ...]:
    """What must not have changed for an opened file to be used again; never across forks."""
    if is_virtual(path) or not Path(path).exists():
        return (os.getpid(),)
    status = Path(path).stat()
    return os.getpid(), status.st_mtime_ns, status.st_size


@lru_cache(OPEN_SCENES)
def _kept_open(path: str, state: tuple[int, ...]) -> Any:
    """Open a scene; the oldest is closed when there are too many."""
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', NotGeoreferencedWarning)
        return rasterio.open(path)


def read_raster(
    raster: Any, bands: Bands | None = None, window: Window | None = None
) -> tuple[Image, Missing]:
    """Read from an opened raster.

    A fourth band is data and never a mask: GDAL marks the near infrared of many 4-band files
    as alpha.

    Args:
        raster: Dataset of rasterio.
        bands: Indices from 0 or names, in the order wanted; None for all.
        window: (y, x, height, width) in pixels; None for everything.

    Returns:
        The image (H, W, bands), and where it is nodata, masked out or not finite, of the same
        shape; None if nowhere.

    Raises:
        DataError: If there is no such band or window.
    """
    chosen = band_indices(bands, raster.count, raster.descriptions, raster.name)
    where = None
    if window is not None:
        y, x, height, width = checked_window(window, raster.shape, raster.name)
        where = RasterWindow(x, y, width, height)
    numbers = [index + 1 for index in chosen]  # GDAL counts from 1
    image = np.ascontiguousarray(raster.read(numbers, window=where).transpose(1, 2, 0))
    missing = not_finite(image)
    if has_mask(raster, chosen):
        masked = raster.read_masks(numbers, window=where).transpose(1, 2, 0) == 0
        missing = masked if missing is None else masked | missing
    return image, missing if missing is not None and missing.any() else None


def has_mask(raster: Any, bands: Iterable[int]) -> bool:
    """Whether some of the bands (counted from 0) have a nodata value or a mask."""
    flags = {flag for band in bands for flag in raster.mask_flag_enums[band]}
    return bool(flags & {MaskFlags.nodata, MaskFlags.per_dataset}) and MaskFlags.alpha not in flags


def not_finite(image: Image) -> Missing:
    """Where values are NaN or infinite; None if nowhere."""
    if not np.issubdtype(image.dtype, np.floating) or np.isfinite(image).all():
        return None
    return ~np.isfinite(image)


def checked_window(window: Window, shape: Sequence[int], path: str | Path) -> Window:
    """Return the window if it lies inside an image of this shape, else raise DataError."""
    y, x, height, width = window
    if y < 0 or x < 0 or y + height > shape[0] or x + width > shape[1]:
        raise DataError(f'{path} is {shape[0]}x{shape[1]} px, it has no window {window}')
    return window


def band_indices(
    bands: Bands | None, count: int, names: Sequence[str | None], path: str | Path
) -> list[int]:
    """Turn names and indices of bands into indices that exist.

    Args:
        bands: Indices from 0 or names; None for all.
        count: Number of bands there are.
        names: Names of the bands in the order of the file, as far as it gives any.
        path: File to name in errors.

    Returns:
        The indices.

    Raises:
        DataError: If a name or an index does not exist.
    """
    if bands is None:
        return list(range(count))
    known = [name for name in names if name]
    if unknown := [b for b in bands if isinstance(b, str) and b not in known]:
        raise DataError(
            f'{path} has no bands named {unknown}; it names {known or "none"}: give band_names '
            'in the order of the file, or choose bands by index'
        )
    chosen = [list(names).index(band) if isinstance(band, str) else band for band in bands]
    if not chosen or min(chosen) < 0 or max(chosen) >= count:
        raise DataError(f'{path} has {count} bands, cannot choose {list(bands)} (counted from 0)')
    return chosen
