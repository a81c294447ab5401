"""Mean, deviation, range and percentiles of the bands of many images, in one pass.

Memory depends on the number of bands only. Moments are merged exactly (Chan, Golub and LeVeque
1979). Percentiles come from a histogram: exact for integers of up to 16 bits; for other types
its bins are the first 16 bits of the float32, that is 2^-7 of the value wide.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.datasets.io.blocks import BLOCK, blocks, read_blocks
from glcnet_plugin.datasets.io.images import has_windows, image_info, read_masked
from glcnet_plugin.datasets.io.rasters import Bands, Image, Missing, Window
from glcnet_plugin.errors import DataError
from glcnet_plugin.utils.parallel import parallel_map

PERCENTILES = (1, 2, 50, 98, 99)
LOWEST = 1 << 15  # of int16, negated
BINS = LOWEST + (1 << 16)


@dataclass
class BandStatistics:
    """What is known of C bands so far; two parts are added with ``merge``."""

    source: str  # one of the images
    names: tuple[str | None, ...]
    integer: bool  # whether the histogram has one bin per value
    count: NDArray[np.int64]  # (C,) values that are not missing
    missing: NDArray[np.int64]  # (C,)
    mean: NDArray[np.float64]  # (C,)
    squares: NDArray[np.float64]  # (C,) sum of squared distances from the mean
    minimum: NDArray[np.float64]  # (C,)
    maximum: NDArray[np.float64]  # (C,)
    histogram: NDArray[np.int64] = field(repr=False)  # (C, BINS)

    @property
    def std(self) -> NDArray[np.float64]:
        """(C,) standard deviation of the population."""
        return np.sqrt(self.squares / np.maximum(self.count, 1))

    def percentile(self, percent: float) -> NDArray[np.float64]:
        """(C,) value that ``percent`` of the values do not exceed."""
        below = self.histogram.cumsum(1) >= np.maximum(1, percent / 100 * self.count[:, None])
        values = _value_of_bin(below.argmax(1), self.integer)
        return np.clip(values, self.minimum, self.maximum)

    def merge(self, other: 'BandStatistics') -> None:
        """Add another part.

        Raises:
            DataError: If the parts differ in the number of bands.
        """
        if len(other.mean) != len(self.mean):
            raise DataError(
                f'{self.source} has {len(self.mean)} bands, {other.source} {len(other.mean)}: '
                'choose bands that all images have'
            )
        total = self.count + other.count
        weight = other.count / np.maximum(total, 1)
        delta = other.mean - self.mean
        self.mean = self.mean + delta * weight
        self.squares = self.squares + other.squares + delta**2 * self.count * weight
        self.minimum = np.fmin(self.minimum, other.minimum)
        self.maximum = np.fmax(self.maximum, other.maximum)
        if self.integer != other.integer:
            self.histogram = _as_floats(self) + _as_floats(other)
            self.integer = False
        else:
            self.histogram += other.histogram
        self.count, self.missing = total, self.missing + other.missing


Part = tuple[str, Window | None, Bands | None]


def image_statistics(part: Part) -> BandStatistics:
    """Statistics of an image or of a window of it.

    Args:
        part: Path, window or None for all, and bands or None for all.

    Returns:
        The statistics; missing values take no part in them.

    Raises:
        DataError: If the image cannot be read.
    """
    path, window, bands = part
    info = image_info(path)
    names = info.band_names if bands is None else tuple(_names(bands))
    read: Iterable[tuple[Image, Missing]] = read_blocks(path, info, bands)
    if window is not None:
        read = [read_masked(path, bands, window)]
    return reduce(_merged, (_block_statistics(path, names, *block) for block in read))


def _block_statistics(
    path: str, names: tuple[str | None, ...], image: Image, missing: Missing
) -> BandStatistics:
    """Statistics of one block."""
    integer = bool(np.issubdtype(image.dtype, np.integer)) and image.dtype.itemsize <= 2
    columns = []
    for band in range(image.shape[2]):
        values = image[..., band].ravel()
        if missing is not None:
            values = values[~missing[..., band].ravel()]
        columns.append(_column(values, integer))
    count, mean, squares, low, high, histogram = (np.stack(c) for c in zip(*columns, strict=True))
    pixels = image.shape[0] * image.shape[1]
    return BandStatistics(
        path, names, integer, count, pixels - count, mean, squares, low, high, histogram
    )


def band_statistics(
    paths: Sequence[str | Path], bands: Bands | None = None, workers: int | None = None
) -> BandStatistics:
    """Statistics of the bands of files or scenes, large ones read part by part.

    Args:
        paths: The images.
        bands: Bands to describe, as in :func:`read_image`.
        workers: Number of processes; None for one per core, 0 for this one.

    Returns:
        The statistics of all.

    Raises:
        DataError: If there are no images, one cannot be read, or they differ in their bands.
    """
    chunks = list(_chunks(paths, bands))
    total: BandStatistics | None = None
    for found in parallel_map(_chunk_statistics, chunks, len(chunks), 'band statistics', workers):
        total = found if total is None else _merged(total, found)
    if total is None:
        raise DataError('no images to describe')
    return total


def _chunks(paths: Iterable[str | Path], bands: Bands | None) -> Iterator[list[Part]]:
    """Images in portions of about one block; of large ones with windows, a block each."""
    chunk: list[Part] = []
    pixels = 0
    for path in paths:
        info = image_info(path)
        size = info.height * info.width
        if size > BLOCK * BLOCK and has_windows(path):
            for window in blocks(info):
                yield [(str(path), window, bands)]
            continue
        chunk.append((str(path), None, bands))
        pixels += size
        if pixels >= BLOCK * BLOCK:
            yield chunk
            chunk, pixels = [], 0
    if chunk:
        yield chunk


def _chunk_statistics(parts: Sequence[Part]) -> BandStatistics:
    """Statistics of some images together."""
    return reduce(_merged, map(image_statistics, parts))


def _merged(first: BandStatistics, second: BandStatistics) -> BandStatistics:
    """Merge the second into the first and return it."""
    first.merge(second)
    return first


def _names(bands: Bands) -> list[str | None]:
    """Names of chosen bands, where they were chosen by name."""
    return [band if isinstance(band, str) else None for band in bands]


def _column(values: NDArray[Any], integer: bool) -> tuple[Any, ...]:
    """Count, moments, range and histogram of the values of one band."""
    if values.size == 0:
        empty = np.zeros(BINS, np.int64)
        return np.int64(0), np.float64(0), np.float64(0), np.float64(np.nan), np.nan, empty
    exact = values.astype(np.float64)
    mean = exact.mean()
    histogram = np.bincount(_bin_of_value(values, integer), minlength=BINS)
    squares = np.square(exact - mean).sum()
    return np.int64(values.size), mean, squares, exact.min(), exact.max(), histogram


def _bin_of_value(values: NDArray[Any], integer: bool) -> NDArray[np.int64]:
    """Bin of each value; bins are in the order of the values."""
    if integer:
        return values.astype(np.int64) + LOWEST
    bits = values.astype(np.float32).view(np.uint32)
    # flipping bits makes the order of the numbers that of their patterns
    ordered = np.where(bits >> 31, ~bits, bits | np.uint32(1 << 31))
    return (ordered >> 16).astype(np.int64)


def _value_of_bin(bins: NDArray[np.int64], integer: bool) -> NDArray[np.float64]:
    """Value that a bin stands for."""
    if integer:
        return bins.astype(np.float64) - LOWEST
    ordered = (bins.astype(np.uint32) << 16) + (1 << 15)  # the middle
    bits = np.where(ordered >> 31, ordered & 0x7FFFFFFF, ~ordered).astype(np.uint32)
    return bits.view(np.float32).astype(np.float64)


def _as_floats(part: BandStatistics) -> NDArray[np.int64]:
    """The histogram with the bins of floats."""
    if not part.integer:
        return part.histogram
    values = np.arange(-LOWEST, BINS - LOWEST).astype(np.float32)
    bins = _bin_of_value(values, False)
    result = np.zeros_like(part.histogram)
    for band in range(len(result)):
        np.add.at(result[band], bins, part.histogram[band])
    return result
