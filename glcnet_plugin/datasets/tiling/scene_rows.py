"""Read scenes and their masks from the top downwards, every row once, in bounded memory."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio.windows
from numpy.typing import NDArray
from rasterio.enums import ColorInterp

from glcnet_plugin.datasets.io.images import (
    RASTER_SUFFIXES,
    image_info,
    read_image,
    readable,
)
from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.io.masks import (
    Colour,
    OddColours,
    colours_to_ids,
    read_mask,
    require_ids,
)
from glcnet_plugin.datasets.io.rasters import Window, opened
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


def image_rows(path: str, bands: Sequence[int] | None = None) -> Rows:
    """Rows of an image.

    Args:
        path: Path, or address of :mod:`archives`.
        bands: Indices of bands from 0; None for all.

    Returns:
        The rows, (H, W, bands) each.
    """

    def read(file: str, window: Window | None = None) -> NDArray[Any]:
        return read_image(file, bands, window)

    return Rows(_source(path, read, read))


def id_rows(
    path: str,
    num_classes: int,
    colours: Mapping[Colour, int] | None,
    ignored: Sequence[int],
    snap: bool,
    odd: OddColours,
) -> Rows:
    """Rows of a mask, as class ids.

    Args:
        path: Path, or address of :mod:`archives`.
        num_classes: Number of classes.
        colours: Id of each colour; None where the mask holds ids.
        ignored: Ids that become 255.
        snap: See ``colours_to_ids``.
        odd: Receives the pixels of every colour that is not in ``colours``.

    Returns:
        The rows, (H, W) uint8 each.
    """
    read = _source(path, read_mask, _mask_window)
    table = None if colours is None else _colour_table(path)
    rule = LabelRule(num_classes, ignored=ignored)

    def piece(start: int, stop: int) -> NDArray[np.uint8]:
        mask = read(start, stop)
        if colours is None:
            ids = require_ids(mask, path)
            rule.check(ids, path)
            return rule.training_ids(ids)
        if mask.ndim == 2 and table is not None:
            mask = table[mask]
        if mask.ndim != 3 or mask.shape[2] != 3 or mask.dtype != np.uint8:
            raise DataError(
                f'{path} holds {mask.shape[2:] or "one"} band(s) of {mask.dtype}, a mask of '
                'colours (three bands of uint8) is expected: give the masks as published'
            )
        ids, more = colours_to_ids(mask, colours, snap)
        odd.update(more.unknown, more.snapped)
        return ids

    def pieces(start: int, stop: int) -> NDArray[np.uint8]:
        # listing the colours takes many times the memory of the mask
        parts = [piece(y, min(stop, y + PIECE)) for y in range(start, stop, PIECE)]
        return np.concatenate(parts)

    return Rows(pieces)


def _source(path: str, whole: Callable[..., NDArray[Any]], part: Callable[..., Any]) -> Read:
    """Read by windows, or decode once.

    PNG and JPEG have no windows: they are read as the datasets read them, once.
    """
    info = image_info(path)
    by_windows = Path(path).suffix.lower() in (*RASTER_SUFFIXES, '.npy')
    if by_windows or info.too_large:
        return lambda start, stop: part(path, window=(start, 0, stop - start, info.width))
    with unpacked(path) as file:
        content = whole(file)
    return lambda start, stop: content[start:stop]


def _mask_window(path: str, window: Window) -> NDArray[Any]:
    """Read a window of a mask by GDAL, shaped as :func:`read_mask` does."""
    mask = read_image(path, window=window)
    return mask[:, :, 0] if mask.shape[2] == 1 else mask[:, :, :3]


def _colour_table(path: str) -> NDArray[np.uint8] | None:
    """(256, 3) colours of a palette image; None for other images."""
    with readable(path), opened(path) as raster:
        if raster.colorinterp[0] != ColorInterp.palette or raster.dtypes[0] != 'uint8':
            return None
        table = np.zeros((256, 3), np.uint8)
        for index, colour in raster.colormap(1).items():
            table[index] = colour[:3]
        return table


def is_empty(image: NDArray[Any], nodata: float | None) -> bool:
    """Whether an image holds only nodata or NaN."""
    if np.issubdtype(image.dtype, np.floating) and np.isnan(image).all():
        return True
    return nodata is not None and bool((image == nodata).all())


def placement(path: str, bands: Sequence[int] | None = None) -> dict[str, Any]:
    """Band names, nodata value and place of an image, as ``write_image`` takes them.

    Args:
        path: Path, or address of :mod:`archives`.
        bands: Indices of bands from 0; None for all.

    Returns:
        What there is of ``band_names``, ``nodata``, ``crs`` and ``transform``.
    """
    if Path(path).suffix.lower() == '.npy':
        return {}
    with readable(path), opened(path) as raster:
        profile: dict[str, Any] = {}
        names = [raster.descriptions[band] for band in bands or range(raster.count)]
        if any(names):
            profile['band_names'] = names
        if raster.nodata is not None:
            profile['nodata'] = raster.nodata
        if raster.crs is not None:
            profile |= {'crs': raster.crs, 'transform': raster.transform}
        return profile


def moved(place: Mapping[str, Any], window: Window) -> dict[str, Any]:
    """Turn the result of :func:`placement` into that of a window (y, x, height, width)."""
    if 'transform' not in place:
        return dict(place)
    y, x, height, width = window
    where = rasterio.windows.Window(x, y, width, height)
    return {**place, 'transform': rasterio.windows.transform(where, place['transform'])}
