"""What is drawn of features: principal components, clusters, and places like a given one."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from torch import Tensor

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.inference.loading import distinct_colours
from glcnet_plugin.inference.map_writer import NODATA

COMPONENTS = 32  # in which clusters are sought
TOP = NODATA - 1
Values = Callable[[NDArray[Any]], NDArray[np.uint8]]  # (K, H, W) -> (bands, H, W)


@dataclass(frozen=True)
class FeatureMap:
    """What is drawn of the features.

    Args:
        kind: End of the name of the file.
        names: Of what the projection gives.
        project: (B, C, h, w) features to (B, K, h, w).
        values: Blended projection to the bands of the file.
        bands: Names of these bands.
        palette: R, G, B of each class, where the file holds classes.
        fingerprint: Of what was fitted: a map that was killed goes on only with the same.
    """

    kind: str
    names: list[str]
    project: Callable[[Tensor], Tensor]
    values: Values
    bands: list[str]
    palette: list[list[int]]
    fingerprint: str = ''


def components(sample: NDArray[np.float32]) -> FeatureMap:
    """The first three principal components as red, green and blue.

    Args:
        sample: (N, C) features, see :meth:`FeatureScene.sample`. Each is standardised; the values
            of a component between the 2nd and 98th percentile become 0 to 254.
    """
    mean, std = _statistics(sample)
    pca = PCA(3, random_state=0).fit((sample - mean) / std)
    project = _linear(pca.components_ / std, -pca.components_ @ (mean / std))
    low, high = np.percentile((sample - mean) / std @ pca.components_.T, [2, 98], axis=0)

    def values(maps: NDArray[Any]) -> NDArray[np.uint8]:
        scaled = (maps - low[:, None, None]) / np.maximum(high - low, 1e-12)[:, None, None]
        return np.rint(TOP * np.clip(scaled, 0, 1)).astype(np.uint8)

    names = [f'component {index}' for index in (1, 2, 3)]
    fitted = _fingerprint(pca.components_, mean, std, low, high)
    return FeatureMap('pca', names, project, values, names, [], fitted)


def clusters(sample: NDArray[np.float32], count: int) -> FeatureMap:
    """Clusters of the features, found by k-means in their first 32 principal components.

    Args:
        sample: (N, C) features, see :meth:`FeatureScene.sample`.
        count: Number of clusters.

    Raises:
        ConfigError: If the number is below 2 or does not fit into a map.
    """
    if not 2 <= count <= min(NODATA, len(sample)):
        raise ConfigError(f'{count} clusters: give a number from 2 to {min(NODATA, len(sample))}')
    mean, std = _statistics(sample)
    pca = PCA(min(COMPONENTS, *sample.shape), random_state=0).fit((sample - mean) / std)
    reduced = (sample - mean) / std @ pca.components_.T
    centres = KMeans(count, n_init=4, random_state=0).fit(reduced).cluster_centers_
    # the nearest centre c of x is that of the largest 2 x.c - c.c, which is linear
    inside = 2 * centres @ pca.components_
    project = _linear(inside / std, -inside @ (mean / std) - (centres**2).sum(1))

    def values(maps: NDArray[Any]) -> NDArray[np.uint8]:
        return maps.argmax(0)[None].astype(np.uint8)

    names = [f'cluster {index}' for index in range(count)]
    return FeatureMap(
        f'{count}_clusters', names, project, values, ['class'], distinct_colours(count),
        _fingerprint(inside, centres, mean, std),
    )  # fmt: skip


def likeness(sample: NDArray[np.float32], reference: NDArray[np.float32]) -> FeatureMap:
    """How much every place is like one: the cosine of their standardised features, in per cent.

    Args:
        sample: (N, C) features, see :meth:`FeatureScene.sample`.
        reference: (C,) features of the place, see :meth:`FeatureScene.at`.
    """
    mean, std = _statistics(sample)
    centred = _linear(np.diag(1 / std), -mean / std)
    wanted = torch.from_numpy((reference - mean) / std).float()
    wanted = wanted / wanted.norm().clamp_min(1e-12)

    def project(cells: Tensor) -> Tensor:
        found = centred(cells)
        cosine = torch.einsum('bchw,c->bhw', found, wanted.to(cells.device))
        return (cosine / found.norm(dim=1).clamp_min(1e-12))[:, None]

    def values(maps: NDArray[Any]) -> NDArray[np.uint8]:
        return np.rint(100 * np.clip(maps, 0, 1)).astype(np.uint8)

    bands, fitted = ['likeness in per cent'], _fingerprint(reference, mean, std)
    return FeatureMap('like', ['likeness'], project, values, bands, [], fitted)


def _fingerprint(*fitted: NDArray[Any]) -> str:
    """SHA-256 over arrays."""
    return hashlib.sha256(b''.join(array.tobytes() for array in fitted)).hexdigest()


def _statistics(sample: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and deviation of each feature; one that does not vary counts as it is."""
    mean, std = sample.mean(0, np.float64), sample.std(0, np.float64)
    return mean, np.where(std > 1e-6 * np.abs(mean), std, 1.0)


def _linear(weight: NDArray[Any], bias: NDArray[Any]) -> Callable[[Tensor], Tensor]:
    """A linear function of the channels: weight (K, C) and bias (K,)."""
    weights = torch.from_numpy(weight).float()[:, :, None, None]
    offset = torch.from_numpy(bias).float()
    return lambda cells: torch.conv2d(cells, weights.to(cells.device), offset.to(cells.device))
