"""Windows of rasters that GDAL opens, through rasterio, in bounded memory."""

import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.enums import ColorInterp, MaskFlags
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile
from rasterio.windows import Window as RasterWindow

from glcnet_plugin.errors import DataError

Image = NDArray[Any]
Missing = NDArray[np.bool_] | None
Window = tuple[int, int, int, int]  # y, x, height, width in pixels
Bands = Sequence[int | str]

RGB = 3
# GDAL would keep a twentieth of the machine's memory in decoded blocks, per worker
CACHE_BYTES = 64 * 2**20
OPEN_SCENES = 32
SIDE_FILES = ('.msk', '.aux.xml')  # where GDAL keeps mask and nodata of x.png: x.png.msk
ALPHA = ('data', 'mask', 'indices')  # what an alpha band is; the last also leaves palettes alone


def is_virtual(path: str | Path) -> bool:
    """Whether a path is an address of GDAL's virtual file systems."""
    return str(path).startswith('/vsi')


@contextmanager
def opened(
    path: str | Path, data: bytes | None = None, beside: Mapping[str, bytes] | None = None
) -> Iterator[Any]:
    """Open a raster for one reading.

    Args:
        path: File or ``/vsi`` address.
        data: Content of the file, where something else has fetched it.
        beside: Content of files beside it, by what follows the name of the file.

    Yields:
        The dataset of rasterio.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', NotGeoreferencedWarning)
        if data is None:
            with rasterio.open(path) as raster:
                yield raster
        else:
            place = {'dirname': uuid4().hex}
            name = Path(str(path)).name
            with ExitStack() as files:
                for ending, content in (beside or {}).items():
                    files.enter_context(MemoryFile(content, filename=f'{name}{ending}', **place))
                memory = files.enter_context(MemoryFile(data, filename=name, **place))
                yield files.enter_context(memory.open())


def read_window(
    path: str | Path, bands: Bands | None, window: Window, alpha: str = 'data'
) -> tuple[Image, Missing]:
    """Read a window of a scene that more windows will be read from: it stays open.

    Args:
        path: File or ``/vsi`` address.
        bands: See :func:`read_raster`.
        window: (y, x, height, width) in pixels.
        alpha: See :func:`read_raster`.

    Returns:
        See :func:`read_raster`.
    """
    with rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES):
        return read_raster(_kept_open(str(path), file_state(path)), bands, window, alpha)


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
    raster: Any, bands: Bands | None = None, window: Window | None = None, alpha: str = 'data'
) -> tuple[Image, Missing]:
    """Read from an opened raster.

    Palette images give their colours: three bands.

    Args:
        raster: Dataset of rasterio.
        bands: Indices from 0 or names, in the order wanted; None for all.
        window: (y, x, height, width) in pixels; None for everything.
        alpha: 'data' takes a band marked as alpha for data like any other: GDAL marks the near
            infrared of many 4-band files so. 'mask' takes it for a mask: it is no band, and
            pixels of alpha 0 are missing. 'indices' is 'data', with the indices of palette
            images instead of their colours.

    Returns:
        The image (H, W, bands), and where it is nodata, masked out or not finite, of the same
        shape; None if nowhere.

    Raises:
        DataError: If there is no such band or window.
    """
    palette = {} if alpha == 'indices' else colours_of(raster)
    where = None
    if window is not None:
        y, x, height, width = checked_window(window, raster.shape, raster.name)
        where = RasterWindow(x, y, width, height)
    count = RGB if palette else raster.count - len(mask_bands(raster, alpha))
    names = () if palette else raster.descriptions
    chosen = band_indices(bands, count, names, raster.name)
    stored = [0] if palette else chosen
    numbers = [index + 1 for index in stored]  # GDAL counts from 1
    image = np.ascontiguousarray(raster.read(numbers, window=where).transpose(1, 2, 0))
    missing = not_finite(image)
    if has_mask(raster, stored, alpha):
        masked = raster.read_masks(numbers, window=where).transpose(1, 2, 0) == 0
        missing = masked if missing is None else masked | missing
    if palette:
        table = np.zeros((np.iinfo(image.dtype).max + 1, RGB), np.uint8)
        table[list(palette)] = list(palette.values())
        image = np.ascontiguousarray(table[image[..., 0]][..., chosen])
        missing = None if missing is None else np.repeat(missing, len(chosen), 2)
    return image, missing if missing is not None and missing.any() else None


def colours_of(raster: Any) -> dict[int, tuple[int, int, int]]:
    """Colour of each value of a palette image; empty for others."""
    if raster.count != 1 or raster.colorinterp[0] != ColorInterp.palette:
        return {}
    return {value: colour[:3] for value, colour in raster.colormap(1).items()}


def mask_bands(raster: Any, alpha: str = 'data') -> list[int]:
    """Bands (counted from 0) that are a mask: those marked as alpha, where they are no data."""
    if alpha != 'mask':
        return []
    return [i for i, kind in enumerate(raster.colorinterp) if kind == ColorInterp.alpha]


def has_mask(raster: Any, bands: Iterable[int], alpha: str = 'data') -> bool:
    """Whether some of the bands (counted from 0) have a nodata value or a mask."""
    flags = {flag for band in bands for flag in raster.mask_flag_enums[band]}
    if MaskFlags.alpha in flags and alpha != 'mask':
        return False
    return bool(flags & {MaskFlags.nodata, MaskFlags.per_dataset})


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
