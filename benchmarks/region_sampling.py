"""Sample common regions of two views, against warping an index image and searching it.

Both make the same two views of a 256 px RGB tile with the geometric part of the official
recipe. The reference also warps an index image (nearest neighbour) and searches for the indices
that both views show; ours multiplies matrices and draws from them. One pair at a time, as in a
data loader; ours is also measured for a batch of 64 pairs, as in the training step.

Example:
    python benchmarks/region_sampling.py
"""

from typing import Any

import cv2
import numpy as np
import torch
from measure import median_seconds, no_options, report
from mmengine.registry import init_default_scope

from glcnet_plugin.datasets.transforms.tracked import (
    RandomRotate90,
    TrackedRandomFlip,
    TrackedRandomResizedCrop,
)
from glcnet_plugin.datasets.transforms.two_views import TwoViews
from glcnet_plugin.models.utils import sample_regions

TILE, VIEW, REGIONS, SIDE = 256, 224, 4, 48
CROP = dict(type=TrackedRandomResizedCrop, scale=VIEW, crop_ratio_range=(0.4, 1.0))
FLIP = dict(
    type=TrackedRandomFlip, prob=[0.2] * 3, direction=['horizontal', 'vertical', 'diagonal']
)


def warp_with_index(image: np.ndarray[Any, Any], turn: bool) -> np.ndarray[Any, Any]:
    """One view of an image together with the source index of every pixel of the view.

    Args:
        image: (256, 256, 3) tile.
        turn: Whether to flip and turn it.

    Returns:
        (224, 224) source indices; the image itself is warped too, and discarded.
    """
    index = np.arange(TILE * TILE, dtype=np.float32).reshape(TILE, TILE)
    area, aspect = np.random.uniform(0.4, 1), np.exp(np.random.uniform(-0.28, 0.28))
    w = min(TILE, round(TILE * (area * aspect) ** 0.5))
    h = min(TILE, round(TILE * (area / aspect) ** 0.5))
    x, y = np.random.randint(0, TILE - w + 1), np.random.randint(0, TILE - h + 1)
    picture = cv2.resize(image[y : y + h, x : x + w], (VIEW, VIEW))
    index = cv2.resize(index[y : y + h, x : x + w], (VIEW, VIEW), interpolation=cv2.INTER_NEAREST)
    if turn:
        if np.random.rand() < 0.6:
            picture, index = picture[:, ::-1], index[:, ::-1]
        turns = np.random.randint(0, 4)
        picture, index = np.rot90(picture, turns).copy(), np.rot90(index, turns)
    return index


def search_regions(first: np.ndarray[Any, Any], second: np.ndarray[Any, Any]) -> list[Any]:
    """Draw centres among the indices that both views show, away from their borders.

    Args:
        first: (224, 224) source indices of view 1.
        second: The same of view 2.

    Returns:
        K pairs of centres, ((y, x), (y, x)).
    """
    half = SIDE // 2
    inner = np.s_[half : VIEW - half, half : VIEW - half]
    candidates = set(first[inner].ravel().tolist()) & set(second[inner].ravel().tolist())
    pairs = []
    for _ in range(REGIONS):
        chosen = sorted(candidates)[np.random.randint(len(candidates))]
        places = [np.argwhere(view == chosen)[0] for view in (first, second)]
        pairs.append(places)
        y, x = places[0]
        box = set(first[y - half : y + half, x - half : x + half].ravel().tolist())
        if len(candidates - box) > 1:
            candidates -= box
    return pairs


def main() -> None:
    """Measure both."""
    no_options(__doc__)
    init_default_scope('mmpretrain')
    np.random.seed(0)
    image = np.random.randint(0, 255, (TILE, TILE, 3), np.uint8)
    views = TwoViews([[CROP], [CROP, FLIP, dict(type=RandomRotate90)]])

    def reference() -> None:
        """Views with indices, then the search."""
        search_regions(warp_with_index(image, False), warp_with_index(image, True))

    def ours() -> None:
        """Views with matrices, then the draw."""
        matrix = views({'img': image})['view_matrix']
        sample_regions(matrix[None], VIEW, REGIONS, SIDE)

    batch = torch.stack([views({'img': image})['view_matrix'] for _ in range(64)])
    ours_seconds, reference_seconds = median_seconds(ours, 200), median_seconds(reference, 30)
    views_seconds = median_seconds(lambda: views({'img': image}), 200)
    batch_seconds = median_seconds(lambda: sample_regions(batch, VIEW, REGIONS, SIDE), 50) / 64
    report(
        'region_sampling',
        {
            'reference_ms_per_pair': round(1e3 * reference_seconds, 3),
            'ours_ms_per_pair': round(1e3 * ours_seconds, 3),
            'times_faster': round(reference_seconds / ours_seconds, 1),
            'ours_ms_per_pair_in_batches_of_64': round(1e3 * (views_seconds + batch_seconds), 3),
            'times_faster_in_batches_of_64': round(
                reference_seconds / (views_seconds + batch_seconds), 1
            ),
        },
    )


if __name__ == '__main__':
    main()
