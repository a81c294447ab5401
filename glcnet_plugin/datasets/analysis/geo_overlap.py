"""Which images show the same ground, by their georeferenced extents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from numpy.typing import NDArray
from rasterio.errors import RasterioError
from rasterio.warp import transform_bounds
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely import STRtree

from glcnet_plugin.errors import DataError

if TYPE_CHECKING:  # its module needs the hosts, this one does not
    from glcnet_plugin.datasets.io.images import ImageInfo

CHUNK = 1000  # extents looked up together: bounds the memory where all overlap
WORLD = 'EPSG:4326'
Bounds = NDArray[np.float64]
Pairs = NDArray[np.int64]


def overlapping(first: Bounds, second: Bounds, min_share: float = 0.01) -> Pairs:
    """Find the extents that overlap.

    Args:
        first: (N, 4) extents: left, bottom, right, top. A row with NaN overlaps nothing.
        second: (M, 4) extents in the same CRS.
        min_share: Two overlap if their common area is more than this share of the smaller
            one: tiles that touch, or share a line of pixels by rounding, do not.

    Returns:
        (K, 2) sorted pairs of an index into ``first`` and one into ``second``.
    """
    rows, cols = (np.flatnonzero(np.isfinite(part).all(axis=1)) for part in (first, second))
    a, b = _upright(first[rows]), _upright(second[cols])
    tree = STRtree(shapely.box(*b.T))
    pairs = [np.empty((0, 2), np.int64)]
    for start in range(0, len(a), CHUNK):
        part = a[start : start + CHUNK]
        i, j = tree.query(shapely.box(*part.T))
        sides = np.minimum(part[i, 2:], b[j, 2:]) - np.maximum(part[i, :2], b[j, :2])
        smaller = np.minimum(_area(part)[i], _area(b)[j])
        keep = (sides > 0).all(axis=1) & (sides.prod(axis=1) > min_share * smaller)
        pairs.append(np.stack([rows[start + i[keep]], cols[j[keep]]], axis=1))
    return _sorted(np.concatenate(pairs))


def common_bounds(infos: Sequence[ImageInfo]) -> Bounds:
    """Extents of images in one CRS.

    Args:
        infos: Headers of the images.

    Returns:
        (N, 4) left, bottom, right, top: as stored if the images share one CRS, else in degrees
        of EPSG:4326. NaN for images without georeference.

    Raises:
        DataError: If an extent cannot be expressed in EPSG:4326.
    """
    bounds = _stored(infos)
    if len({info.crs for info in infos if info.crs}) < 2:
        return bounds
    for index, info in enumerate(infos):
        if info.crs and info.bounds:
            try:
                bounds[index] = transform_bounds(info.crs, WORLD, *info.bounds)
            except RasterioError as error:
                raise DataError(f'cannot place {info.bounds} of {info.crs}: {error}') from error
            left, bottom, right, top = bounds[index]
            if not (-360 <= left <= 360 and -360 <= right <= 360 and abs(bottom) < 91 > abs(top)):
                raise DataError(f'{info.bounds} is outside of {info.crs}: is the CRS right?')
    if (bounds[:, 0] > bounds[:, 2]).any():  # one crosses 180 degrees: count from 0 to 360
        bounds[bounds[:, 0] < 0, 0] += 360
        bounds[bounds[:, 2] < bounds[:, 0], 2] += 360
    return bounds


def overlapping_pairs(
    first: Sequence[ImageInfo], second: Sequence[ImageInfo], min_share: float = 0.01
) -> Pairs:
    """Find the images that show the same ground.

    Images of one CRS are compared in it, others in EPSG:4326. There, extents are the boxes
    around turned rectangles: some neighbours count as overlapping, no overlap is missed.

    Args:
        first: Headers of images.
        second: Headers of images.
        min_share: See :func:`overlapping`.

    Returns:
        (K, 2) sorted pairs of an index into ``first`` and one into ``second``.

    Raises:
        DataError: See :func:`common_bounds`.
    """
    size, infos = len(first), [*first, *second]
    stored, names = _stored(infos), np.array([info.crs or '' for info in infos], dtype=object)
    parts = [np.empty((0, 2), np.int64)]
    for crs in sorted(set(names) - {''}):
        rows, cols = np.flatnonzero(names[:size] == crs), np.flatnonzero(names[size:] == crs)
        pairs = overlapping(stored[rows], stored[size + cols], min_share)
        parts.append(np.stack([rows[pairs[:, 0]], cols[pairs[:, 1]]], axis=1))
    if len(parts) > 2:  # more than one CRS
        world = common_bounds(infos)
        pairs = overlapping(world[:size], world[size:], min_share)
        parts.append(pairs[names[pairs[:, 0]] != names[size + pairs[:, 1]]])
    return _sorted(np.concatenate(parts))


def groups_by_overlap(infos: Sequence[ImageInfo]) -> list[str | None]:
    """Group images that overlap, directly or through others.

    Args:
        infos: Headers of the images.

    Returns:
        A name per image, the same for the images of one group: ``ground_7`` if image 7 is the
        first of it. None for images without georeference: nothing is known about them.

    Raises:
        DataError: See :func:`common_bounds`.
    """
    # years of images of one place are compared once, not each with each
    first: dict[Any, int] = {}
    place = [first.setdefault((info.crs, info.bounds), i) for i, info in enumerate(infos)]
    unique = list(first.values())
    chosen = [infos[index] for index in unique]
    pairs = ((unique[i], unique[j]) for i, j in overlapping_pairs(chosen, chosen).tolist() if i < j)
    roots = components(len(infos), pairs)
    return [
        f'ground_{roots[place[i]]}' if info.crs and info.bounds else None
        for i, info in enumerate(infos)
    ]


def components(count: int, pairs: Iterable[tuple[int, int]]) -> list[int]:
    """Connected components of a graph.

    Args:
        count: Number of nodes.
        pairs: Its edges.

    Returns:
        For each node the smallest node of its component.
    """
    ends = np.array(list(pairs), np.int64).reshape(-1, 2)
    graph = coo_array((np.ones(len(ends), bool), tuple(ends.T)), shape=(count, count))
    labels = connected_components(graph, directed=False)[1]
    smallest = np.unique(labels, return_index=True)[1]
    return [int(node) for node in smallest[labels]]


def _stored(infos: Sequence[ImageInfo]) -> Bounds:
    """(N, 4) extents as the files give them, NaN where they give none."""
    nothing = (np.nan,) * 4
    bounds = [info.bounds if info.crs and info.bounds else nothing for info in infos]
    return np.array(bounds, np.float64).reshape(-1, 4)


def _upright(bounds: Bounds) -> Bounds:
    """Low before high along both axes: some rasters are south up."""
    bounds = np.asarray(bounds, np.float64)
    return np.hstack(
        [np.minimum(bounds[:, :2], bounds[:, 2:]), np.maximum(bounds[:, :2], bounds[:, 2:])]
    )


def _area(bounds: Bounds) -> NDArray[np.float64]:
    """(N,) areas of upright extents."""
    return np.asarray((bounds[:, 2:] - bounds[:, :2]).prod(axis=1), np.float64)


def _sorted(pairs: Pairs) -> Pairs:
    """Pairs in the order of the first, then the second index."""
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
