"""Choose the pixels that probes read."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Pixels that a classifier learns from: of a list of labelled tiles, and at most of each of them.
LIST_PIXELS, TILE_PIXELS = 6400, 400
# With fewer labelled pixels, as between polygons, pixels are drawn from these alone.
SPARSE = 0.5


def pixels_per_tile(tiles: int, total: int = LIST_PIXELS, most: int = TILE_PIXELS) -> int:
    """Pixels to draw of each of some tiles: the fewer tiles, the more, one at least.

    Args:
        tiles: Number of tiles, at least 1.
        total: Of all of them, about.
        most: Of one tile.
    """
    return min(most, max(1, total // tiles))


def sample_pixels(
    mask: NDArray[Any], name: str, count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw pixels of a tile uniformly, with replacement; the same ones for the same name.

    Args:
        mask: (H, W) class ids.
        name: Name of the tile, which seeds the draw.
        count: Number of pixels P; a longer draw begins with the pixels of a shorter one.

    Returns:
        (P, 2) x and y of pixel indices, and (P,) class ids, also those of unlabelled pixels.
    """
    rng = np.random.default_rng(list(name.encode()))
    height, width = mask.shape
    points = (rng.random((count, 2)) * (width, height)).astype(np.int64)
    return points, mask[points[:, 1], points[:, 0]].astype(np.int64)


def sample_labelled(
    mask: NDArray[Any], name: str, count: int, ignore_index: int = 255
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw pixels of a tile that have a label.

    Those of :func:`sample_pixels` that have one; of a tile that is labelled in part (polygons,
    points), as many of its labelled pixels alone, since most or all draws would miss them.

    Args:
        mask: (H, W) class ids.
        name: Name of the tile, which seeds the draw.
        count: Number of pixels to draw; all labelled ones where there are no more.
        ignore_index: Value of pixels without a label.

    Returns:
        (P, 2) x and y of pixel indices, and (P,) class ids; P is at most ``count``.
    """
    labelled = mask != ignore_index
    if labelled.mean() >= SPARSE:
        points, labels = sample_pixels(mask, name, count)
        known = labels != ignore_index
        return points[known], labels[known]
    y, x = np.nonzero(labelled)
    if len(x) > count:
        rng = np.random.default_rng(list(name.encode()))
        chosen = np.sort(rng.choice(len(x), count, replace=False))
        y, x = y[chosen], x[chosen]
    return np.stack([x, y], 1), mask[y, x].astype(np.int64)


def sample_sparse(
    mask: NDArray[Any], name: str, count: int, ignore_index: int = 255
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw pixels as :func:`sample_labelled` does, in random order.

    Args:
        mask: (H, W) class ids.
        name: Name of the tile, which seeds draw and order.
        count: Number of pixels to draw; all labelled ones where there are no more.
        ignore_index: Value of pixels without a label.

    Returns:
        (P, 2) x and y of pixel indices, and (P,) class ids; the first of them are a smaller draw.
    """
    points, labels = sample_labelled(mask, name, count, ignore_index)
    order = np.random.default_rng(list(name.encode())).permutation(len(points))
    return points[order], labels[order]
