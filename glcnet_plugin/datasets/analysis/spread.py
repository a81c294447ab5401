"""Choose tiles to label that differ from each other."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

from glcnet_plugin.datasets.analysis.moments import Moments
from glcnet_plugin.datasets.io.images import read_masked
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.utils.parallel import parallel_map

Describe = Callable[[Sequence[Path]], NDArray[Any]]  # N images -> (N, F)


def colour_statistics(files: Sequence[Path], workers: int | None = None) -> NDArray[np.float64]:
    """Mean and standard deviation of every band of images.

    Args:
        files: N images with as many bands C.
        workers: See :func:`parallel_map`.

    Returns:
        (N, 2C); a band that is missing everywhere counts as 0.

    Raises:
        DataError: If the images have different numbers of bands.
    """
    rows = list(parallel_map(_of_image, files, len(files), 'measuring colours', workers))
    for file, row in zip(files, rows, strict=True):
        if len(row) != len(rows[0]):
            raise DataError(
                f'{file} has {len(row) // 2} bands, {files[0]} has {len(rows[0]) // 2}: colours '
                'are compared between images with as many bands; check_data names the others'
            )
    return np.nan_to_num(np.stack(rows))


def _of_image(path: Path) -> NDArray[Any]:
    """Means and standard deviations of the bands of an image."""
    moments = Moments.of(*read_masked(path))
    return np.concatenate([moments.mean, moments.std])


def tile_descriptions(
    files: Sequence[Path], by: str = 'colours', features_of: Describe | None = None
) -> NDArray[np.float64]:
    """Describe images by their colours, features, or both with the same weight.

    Args:
        files: N images.
        by: 'colours', 'features' or 'both'.
        features_of: Gives the features.

    Returns:
        (N, F), see :func:`joined`.

    Raises:
        ConfigError: If features are wanted and nothing gives them.
    """
    found = [colour_statistics(files)] if by in ('colours', 'both') else []
    if by in ('features', 'both'):
        if features_of is None:
            raise ConfigError(f'--spread-by {by} needs the network that describes: --features FILE')
        found.append(features_of(files))
    return joined(*found)


def joined(*descriptions: NDArray[Any]) -> NDArray[np.float64]:
    """Join descriptions of items, each with the same weight.

    Args:
        descriptions: (N, F) each; F may differ.

    Returns:
        (N, sum of F); every column is standardised, and every description has a variance of 1.
    """
    parts = [StandardScaler().fit_transform(one) / one.shape[1] ** 0.5 for one in descriptions]
    return np.hstack(parts)


def choose_spread(values: NDArray[Any], count: int, seed: int = 0) -> list[int]:
    """Choose items that represent all: the one nearest to the centre of each cluster.

    The clusters are those of k-means, as many as items are wanted.

    Args:
        values: (N, F) descriptions of the items, such as :func:`joined` gives.
        count: Items to choose, at most N.
        seed: Of the first centres.

    Returns:
        Indices, the item of the largest cluster first.
    """
    clusters = KMeans(count, n_init=10, random_state=seed).fit(values)
    distance = clusters.transform(values)  # (N, count)
    chosen: list[int] = []
    for cluster in np.argsort(-np.bincount(clusters.labels_, minlength=count), kind='stable'):
        order = np.argsort(distance[:, cluster], kind='stable')
        chosen.append(next(int(index) for index in order if index not in chosen))
    return chosen
