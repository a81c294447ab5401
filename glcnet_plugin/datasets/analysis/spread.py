"""Choose tiles to label that differ from each other."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from glcnet_plugin.datasets.analysis.moments import Moments
from glcnet_plugin.datasets.io.images import read_masked
from glcnet_plugin.utils.parallel import parallel_map


def colour_statistics(files: Sequence[Path], workers: int | None = None) -> NDArray[np.float64]:
    """Mean and standard deviation of every band of images.

    Args:
        files: N images with as many bands C.
        workers: See :func:`parallel_map`.

    Returns:
        (N, 2C); a band that is missing everywhere counts as 0.
    """
    rows = list(parallel_map(_of_image, files, len(files), 'measuring colours', workers))
    return np.nan_to_num(np.stack(rows))


def _of_image(path: Path) -> NDArray[Any]:
    """Means and standard deviations of the bands of an image."""
    moments = Moments.of(*read_masked(path))
    return np.concatenate([moments.mean, moments.std])


def choose_spread(values: NDArray[Any], count: int, seed: int = 0) -> list[int]:
    """Choose items that represent all: the one nearest to the centre of each cluster.

    The clusters are those of k-means over standardised values, as many as items are wanted.

    Args:
        values: (N, F) descriptions of the items.
        count: Items to choose, at most N.
        seed: Of the first centres.

    Returns:
        Indices, the item of the largest cluster first.
    """
    scaled = StandardScaler().fit_transform(values)
    clusters = KMeans(count, n_init=10, random_state=seed).fit(scaled)
    distance = clusters.transform(scaled)  # (N, count)
    chosen: list[int] = []
    for cluster in np.argsort(-np.bincount(clusters.labels_, minlength=count), kind='stable'):
        order = np.argsort(distance[:, cluster], kind='stable')
        chosen.append(next(int(index) for index in order if index not in chosen))
    return chosen
