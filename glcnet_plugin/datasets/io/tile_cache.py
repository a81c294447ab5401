"""Decoded tiles in one memory-mapped file, so that each is decoded once and not in every epoch.

The file holds the values as they are stored in the images, one image after the other, then an index
and a footer. Workers and processes share its pages, and each keeps the keys of the index alone.
"""

import math
import os
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from glcnet_plugin.datasets.io.band_order import Names, chosen_names
from glcnet_plugin.datasets.io.colour_bands import colour_bands, file_names
from glcnet_plugin.datasets.io.images import read_masked
from glcnet_plugin.datasets.io.rasters import (
    SIDE_FILES,
    Bands,
    Image,
    Missing,
    Window,
    checked_window,
)
from glcnet_plugin.errors import DataError

COMMAND = 'tools/dataset_tools/cache_tiles.py'
MAGIC = b'glctile1'  # with the version of the format
FOOTER = np.dtype([('index', '<i8'), ('count', '<i8'), ('magic', 'S8')])
ENTRY = np.dtype(
    [
        ('key', '<u8'),  # of path, bands and alpha
        ('state', '<i8', 2),  # size and time of the image file when it was read
        ('offset', '<i8'),
        ('shape', '<i8', 3),
        ('dtype', 'S8'),
        ('missing', '<i8'),  # offset of the mask, one bit per value; -1 if nothing is missing
        ('colours', 'i1', 3),  # see colour_bands; -1 for None
    ]
)


class DecodedImage(NamedTuple):
    """What reading a file gives."""

    image: Image
    missing: Missing
    colours: list[int] | None  # see :func:`colour_bands`
    names: Names = ()  # that the file gives the bands; none of what a cache holds


def decode(
    path: str | Path,
    bands: Bands | None = None,
    window: Window | None = None,
    alpha: str = 'data',
    band_names: Sequence[str] | None = None,
    backend_args: dict[str, Any] | None = None,
) -> DecodedImage:
    """Read an image, what is missing in it, and which of its bands are colours.

    Args:
        path: See :func:`read_masked`.
        bands: See :func:`read_masked`.
        window: See :func:`read_masked`.
        alpha: See :func:`read_masked`.
        band_names: Names of the bands in the order of the file; None for those of the file.
        backend_args: See :func:`read_masked`.

    Returns:
        What it holds.

    Raises:
        DataError: See :func:`read_masked`.
    """
    image, missing = read_masked(path, bands, window, backend_args, alpha)
    fetched = backend_args is not None
    colours = colour_bands(path, image.shape[2], bands, band_names, fetched)
    names: Names = ()
    if band_names is None and not fetched and (said := file_names(path)):
        names = chosen_names(said, bands, image.shape[2])
    return DecodedImage(image, missing, colours, names)


class TileCache:
    """A file that :func:`write_cache` made.

    Args:
        path: The file.

    Raises:
        DataError: If it is missing or something else.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        try:
            self.data = np.memmap(self.path, np.uint8, 'r')
        except (OSError, ValueError) as error:  # ValueError: empty
            raise DataError(
                f'cannot read the cache {self.path} ({error}): make it with {COMMAND}'
            ) from error
        end = len(self.data) - FOOTER.itemsize
        footer = self.data[max(end, 0) :]
        if end < 0 or footer.view(FOOTER)['magic'][0] != MAGIC:
            raise DataError(f'{self.path} is no cache of tiles: make one with {COMMAND}')
        self.entries = self.data[footer.view(FOOTER)['index'][0] : end].view(ENTRY)
        self.keys = np.ascontiguousarray(self.entries['key'])

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle support: another process opens the file again."""
        return TileCache, (self.path,)

    def holds(self, path: str | Path, bands: Bands | None = None, alpha: str = 'data') -> bool:
        """Whether an image is in the cache as it is in its file; see :meth:`get`."""
        return self._entry(path, bands, alpha) is not None

    def get(
        self,
        path: str | Path,
        bands: Bands | None = None,
        window: Window | None = None,
        alpha: str = 'data',
        band_names: Sequence[str] | None = None,
    ) -> DecodedImage | None:
        """Copy an image, or a window of it, out of the cache.

        Args:
            path: File of the image.
            bands: See :func:`decode`; the cache must be made with the same.
            window: See :func:`decode`.
            alpha: See :func:`decode`; the cache must be made with the same.
            band_names: See :func:`decode`.

        Returns:
            What :func:`decode` gives; None if the image is not in the cache, or its file has
            changed since.
        """
        entry = self._entry(path, bands, alpha)
        if entry is None:
            return None
        shape = tuple(entry['shape'].tolist())
        y, x, height, width = checked_window(window or (0, 0, *shape[:2]), shape, path)
        cut = slice(y, y + height), slice(x, x + width)
        dtype, count = np.dtype(entry['dtype'].decode()), math.prod(shape)
        stored = self._bytes(entry['offset'], count * dtype.itemsize)
        image = np.array(stored.view(dtype).reshape(shape)[cut])  # a copy, which can be written
        missing = None
        if entry['missing'] >= 0:
            row = math.prod(shape[1:])
            first, over = divmod(y * row, 8)  # the rows begin within a byte
            packed = self._bytes(entry['missing'] + first, (over + height * row + 7) // 8)
            rows = np.unpackbits(packed).view(bool)[over : over + height * row]
            missing = rows.reshape(height, *shape[1:])[:, x : x + width]
            missing = missing if missing.any() else None
        colours = None if entry['colours'][0] < 0 else entry['colours'].tolist()
        if band_names is not None:
            colours = colour_bands(path, shape[2], bands, band_names)
        return DecodedImage(image, missing, colours)

    def _bytes(self, start: int, number: int) -> Any:
        """A part of the file."""
        return self.data[start : start + number]

    def _entry(self, path: str | Path, bands: Bands | None, alpha: str) -> Any:
        """Entry of an image; None if there is none, or it is of another state of the file."""
        key = image_key(path, bands, alpha)
        place = int(np.searchsorted(self.keys, key))
        if place == len(self.keys) or self.keys[place] != key:
            return None
        entry = self.entries[place]
        return entry if tuple(entry['state']) == image_state(path) else None


def image_key(path: str | Path, bands: Bands | None, alpha: str) -> np.uint64:
    """Number of an image and of what is read from it."""
    chosen = None if bands is None else list(bands)
    folder, name = os.path.split(path)
    place = _resolved(folder, os.getcwd())  # noqa: PTH109  # Path costs more than the rest
    text = f'{place}/{name}\n{chosen}\n{alpha}'
    return np.frombuffer(blake2b(text.encode(), digest_size=8).digest(), '<u8')[0]


@lru_cache(4096)
def _resolved(folder: str, start: str) -> str:
    """A folder without links, by whatever way it is named from ``start``."""
    return str(Path(start, folder).resolve())


def image_state(path: str | Path) -> tuple[int, int] | None:
    """Size and latest time of an image with the files beside it; None if it is no file here."""
    size, latest = 0, 0
    for ending in ('', *SIDE_FILES):
        try:
            status = os.stat(f'{path}{ending}')  # noqa: PTH116  # Path costs more than the rest
        except OSError:
            if not ending:
                return None
            continue
        size, latest = size + status.st_size, max(latest, status.st_mtime_ns)
    return size, latest
