"""Mean, deviation, range and percentiles of the bands of many images, in one pass.

Memory depends on the number of bands only. Moments are exact. Percentiles come from pixels drawn
at random: exact for up to ``SAMPLED`` (1,048,576) pixels, all of which are taken; of more, the 1 %
percentile lies between those of 0.98 % and 1.02 %, the median between 49.9 % and 50.1 %, 19 times
out of 20. The draw is the same in every run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.datasets.analysis.moments import Moments
from glcnet_plugin.datasets.io.blocks import BLOCK, blocks, read_blocks
from glcnet_plugin.datasets.io.images import has_windows, image_info, read_masked
from glcnet_plugin.datasets.io.rasters import Bands, Image, Missing, Window
from glcnet_plugin.errors import DataError
from glcnet_plugin.utils.parallel import parallel_map

PERCENTILES = (1, 2, 50, 98, 99)
SAMPLED = 1 << 20  # pixels


@dataclass(frozen=True)
class BandStatistics(Moments):
    """Moments and percentiles of C bands; those of two parts are merged with ``+``."""

    source: str  # one of the images
    names: tuple[str | None, ...]
    missing: NDArray[np.int64]  # (C,)
    sample: NDArray[np.float32]  # (pixels, C), NaN where missing

    def percentile(self, percent: float) -> NDArray[np.float64]:
        """(C,) value that ``percent`` of the values do not exceed; NaN without values."""
        columns = (column[~np.isnan(column)] for column in self.sample.T)
        return np.array(
            [
                np.percentile(column, percent, method='inverted_cdf') if column.size else np.nan
                for column in columns
            ],
            np.float64,
        )

    def __add__(self, other: 'BandStatistics') -> 'BandStatistics':  # type: ignore[override]
        if len(other.mean) != len(self.mean):
            raise DataError(
                f'{self.source} has {len(self.mean)} bands, {other.source} {len(other.mean)}: '
                'choose bands that all images have'
            )
        return BandStatistics(
            **vars(Moments.__add__(self, other)),
            source=self.source,
            names=self.names,
            missing=self.missing + other.missing,
            sample=np.concatenate([self.sample, other.sample]),
        )


@dataclass(frozen=True)
class _Part:
    """An image, or a window of it, and the share of its pixels to draw."""

    path: str
    window: Window | None
    bands: Bands | None
    share: float
    seed: int


def band_statistics(
    paths: Sequence[str | Path], bands: Bands | None = None, workers: int | None = None
) -> BandStatistics:
    """Statistics of the bands of files or scenes, large ones read part by part.

    Args:
        paths: The images.
        bands: Bands to describe, as in :func:`read_image`.
        workers: Number of processes; None for one per core, 0 for this one.

    Returns:
        The statistics of all; missing values take no part in them.

    Raises:
        DataError: If there are no images, one cannot be read, or they differ in their bands.
    """
    if not paths:
        raise DataError('no images to describe')
    chunks = list(_chunks(paths, bands))
    return reduce(
        add, parallel_map(_chunk_statistics, chunks, len(chunks), 'band statistics', workers)
    )


def _chunks(paths: Sequence[str | Path], bands: Bands | None) -> Iterator[list[_Part]]:
    """Images in portions of about one block; of large ones with windows, a block each."""
    infos = [image_info(path) for path in paths]
    share = SAMPLED / sum(info.height * info.width for info in infos)
    chunk: list[_Part] = []
    pixels = 0
    for seed, (path, info) in enumerate(zip(paths, infos, strict=True)):
        size = info.height * info.width
        if size > BLOCK * BLOCK and has_windows(path):
            for window in blocks(info):
                yield [_Part(str(path), window, bands, share, seed)]
            continue
        chunk.append(_Part(str(path), None, bands, share, seed))
        pixels += size
        if pixels >= BLOCK * BLOCK:
            yield chunk
            chunk, pixels = [], 0
    if chunk:
        yield chunk


def _chunk_statistics(parts: Sequence[_Part]) -> BandStatistics:
    """Statistics of some images together."""
    return reduce(add, map(_part_statistics, parts))


def _part_statistics(part: _Part) -> BandStatistics:
    """Statistics of an image or of a window of it."""
    info = image_info(part.path)
    names = info.band_names
    if part.bands is not None:
        names = tuple(band if isinstance(band, str) else None for band in part.bands)
    rng = np.random.default_rng([part.seed, *(part.window or ())])
    if part.window is None:
        read = read_blocks(part.path, info, part.bands)
    else:
        read = iter([read_masked(part.path, part.bands, part.window)])
    return reduce(add, (_block_statistics(part, names, *block, rng) for block in read))


def _block_statistics(
    part: _Part,
    names: tuple[str | None, ...],
    image: Image,
    missing: Missing,
    rng: np.random.Generator,
) -> BandStatistics:
    """Statistics of one block."""
    moments = Moments.of(image, missing)
    pixels = image.shape[0] * image.shape[1]
    chosen: Any = slice(None)
    if part.share < 1:
        chosen = rng.integers(pixels, size=int(part.share * pixels + rng.random()))
    names = names or (None,) * image.shape[2]  # .npy files have no names
    sample = image.reshape(pixels, -1)[chosen].astype(np.float32)
    if missing is not None:
        sample[missing.reshape(pixels, -1)[chosen]] = np.nan
    return BandStatistics(
        **vars(moments),
        source=part.path,
        names=names,
        missing=pixels - moments.count,
        sample=sample,
    )
