"""Read scenes and their masks from the top downwards, every row once, in bounded memory."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio.windows
from numpy.typing import NDArray
from rasterio.enums import MaskFlags
from rasterio.transform import array_bounds

from glcnet_plugin.datasets.io.headers import place_of
from glcnet_plugin.datasets.io.images import (
    RASTER_SUFFIXES,
    image_info,
    read_image,
    read_masked,
    readable,
)
from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.io.masks import (
    IGNORE,
    Colour,
    OddColours,
    StoredMask,
    colours_to_ids,
    read_stored_mask,
)
from glcnet_plugin.datasets.io.places import SIDES
from glcnet_plugin.datasets.io.rasters import Window, colours_of, mask_bands, opened
from glcnet_plugin.datasets.tiling.archives import unpacked
from glcnet_plugin.errors import DataError

Read = Callable[[int, int], NDArray[Any]]  # rows from, to
PIECE = 1024  # rows whose colours are converted at a time


class Rows:
    """Windows of full width that move downwards.

    Args:
        read: Reads the rows from one to another.
    """

    def __init__(self, read: Read) -> None:
        self.read = read
        self.top = 0
        self.rows: NDArray[Any] | None = None

    def window(self, y: int, height: int) -> NDArray[Any]:
        """Rows y to y + height.

        Args:
            y: First row, in the last window or just below it.
            height: Number of rows.

        Returns:
            The rows.
        """
        kept = [] if self.rows is None else [self.rows[y - self.top :]]
        start = y + sum(map(len, kept))
        if self.rows is None or start < y + height:
            self.rows = np.concatenate([*kept, self.read(start, y + height)])
            self.top = y
        return self.rows


def image_rows(path: str, bands: Sequence[int] | None = None, alpha: str = 'data') -> Rows:
    """Rows of an image.

    Args:
        path: Path, or address of :mod:`archives`.
        bands: Indices of bands from 0; None for all.
        alpha: See :func:`read_raster`.

    Returns:
        The rows, (H, W, bands) each.
    """
    return Rows(_source(path, lambda file, window: read_image(file, bands, window, alpha=alpha)))


def missing_rows(path: str, bands: Sequence[int] | None = None, alpha: str = 'data') -> Rows | None:
    """Where an image has no data; None where the file can say nothing of it.

    Args:
        path: See :func:`image_rows`.
        bands: See :func:`image_rows`.
        alpha: See :func:`image_rows`.

    Returns:
        The rows, (H, W, bands) bool each: true where a band is missing.
    """
    if not image_info(path, alpha).may_miss:
        return None

    def read(file: str, window: Window | None) -> NDArray[np.bool_]:
        image, missing = read_masked(file, bands, window, alpha=alpha)
        if missing is None:
            return np.zeros(image.shape, bool)
        return np.asarray(missing)

    return Rows(_source(path, read))


def id_rows(
    path: str,
    rule: LabelRule,
    colours: Mapping[Colour, int] | None,
    snap: bool,
    odd: OddColours,
) -> Rows:
    """Rows of a mask, as class ids.

    Args:
        path: Path, or address of :mod:`archives`.
        rule: Which ids it may hold.
        colours: Id of each colour; None where the mask holds ids.
        snap: See ``colours_to_ids``.
        odd: Receives the pixels of every colour that is not in ``colours``.

    Returns:
        The rows, (H, W) uint8 each.
    """
    read = _source(path, read_stored_mask, StoredMask.rows)

    def piece(start: int, stop: int) -> NDArray[np.uint8]:
        stored = read(start, stop)
        mask = stored.values
        if colours is None:
            ids = rule.file_ids(stored, path)
            rule.check(ids, path)
            return rule.training_ids(ids)
        if mask.ndim == 2 and stored.palette and mask.dtype in (np.uint8, np.int16):
            table = np.zeros((256, 3), np.uint8)
            table[list(stored.palette)] = list(stored.palette.values())
            if mask.dtype == np.int16:  # brought from another grid, nodata is negative
                mask = np.maximum(mask, 0)
            mask = table[mask]
        if mask.ndim != 3 or mask.shape[2] != 3 or mask.dtype != np.uint8:
            raise DataError(
                f'{path} holds {mask.shape[2:] or "one"} band(s) of {mask.dtype}, a mask of '
                'colours (three bands of uint8) is expected: give the masks as published'
            )
        ids, more = colours_to_ids(mask, colours, snap)
        odd.update(more.unknown, more.snapped)
        if stored.missing is not None:
            ids[stored.missing] = IGNORE
        return ids

    def pieces(start: int, stop: int) -> NDArray[np.uint8]:
        # listing the colours takes many times the memory of the mask
        parts = [piece(y, min(stop, y + PIECE)) for y in range(start, stop, PIECE)]
        return np.concatenate(parts)

    return Rows(pieces)


def _part(content: Any, start: int, stop: int) -> Any:
    """Rows of an array."""
    return content[start:stop]


def _source(path: str, read: Callable[..., Any], part: Callable[..., Any] = _part) -> Any:
    """Read by windows, or decode once.

    PNG and JPEG have no windows: they are read as the datasets read them, once.
    """
    info = image_info(path)
    by_windows = Path(path).suffix.lower() in (*RASTER_SUFFIXES, '.npy')
    if by_windows or info.too_large:
        return lambda start, stop: read(path, window=(start, 0, stop - start, info.width))
    with unpacked(path) as file:
        content = read(file, window=None)
    return lambda start, stop: part(content, start, stop)


def is_empty(image: NDArray[Any], nodata: float | None) -> bool:
    """Whether an image holds only nodata or NaN."""
    if np.issubdtype(image.dtype, np.floating) and np.isnan(image).all():
        return True
    return nodata is not None and bool((image == nodata).all())


def placement(path: str, bands: Sequence[int] | None = None, alpha: str = 'data') -> dict[str, Any]:
    """Band names, nodata value and place of an image, as ``write_image`` takes them.

    Args:
        path: Path, or address of :mod:`archives`.
        bands: Indices of bands from 0; None for all.
        alpha: See :func:`image_rows`.

    Returns:
        What there is of ``band_names``, ``nodata``, ``crs`` and ``transform``. No ``nodata``
        where a mask, a colour, or another value for each band says what is missing.
    """
    if Path(path).suffix.lower() == '.npy':
        return {}
    with readable(path), opened(path) as raster:
        profile: dict[str, Any] = {}
        coloured = bool(colours_of(raster))
        count = raster.count - len(mask_bands(raster, alpha))
        names = [raster.descriptions[band] for band in bands or range(count)]
        if any(names) and not coloured:
            profile['band_names'] = names
        one_value = len(set(raster.nodatavals)) == 1 and not coloured
        by_mask = MaskFlags.per_dataset in raster.mask_flag_enums[0]
        if raster.nodata is not None and one_value and not by_mask:
            profile['nodata'] = raster.nodata
        if raster.crs is not None:
            profile['crs'] = raster.crs
        if place_of(raster) is not None:  # also of a world file, without a CRS
            profile['transform'] = raster.transform
        return profile


def moved(place: Mapping[str, Any], window: Window) -> dict[str, Any]:
    """Turn the result of :func:`placement` into that of a window (y, x, height, width)."""
    if 'transform' not in place:
        return dict(place)
    y, x, height, width = window
    where = rasterio.windows.Window(x, y, width, height)
    return {**place, 'transform': rasterio.windows.transform(where, place['transform'])}


def place_columns(place: Mapping[str, Any], window: Window) -> dict[str, Any]:
    """Columns of the manifest that say where a window of a georeferenced image lies.

    Args:
        place: Result of :func:`placement` for the image.
        window: (y, x, height, width) in pixels.

    Returns:
        ``crs``, empty where the file has a place without one, ``left``, ``bottom``, ``right`` and
        ``top``; nothing without a georeference.
    """
    if 'transform' not in place:
        return {}
    bounds = array_bounds(window[2], window[3], moved(place, window)['transform'])
    crs = place['crs'].to_string() if 'crs' in place else ''
    return {'crs': crs, **dict(zip(SIDES, bounds, strict=True))}
