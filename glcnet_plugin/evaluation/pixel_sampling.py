"""Choose the pixels that probes read."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


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
