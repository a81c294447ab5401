"""Count, mean, deviation and range of the bands of images, part by part."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.datasets.io.rasters import Image, Missing


@dataclass(frozen=True)
class Moments:
    """Moments of C bands; those of two parts are merged with ``+``.

    Merging is exact (Chan, Golub and LeVeque 1979).
    """

    count: NDArray[np.int64]  # (C,) values that are not missing
    mean: NDArray[np.float64]  # (C,)
    squares: NDArray[np.float64]  # (C,) sum of squared distances from the mean
    minimum: NDArray[np.float64]  # (C,) NaN for a band without values
    maximum: NDArray[np.float64]  # (C,) NaN for a band without values

    @classmethod
    def of(cls, image: Image, missing: Missing = None) -> 'Moments':
        """Moments of an image (H, W, C); ``missing``, of its shape, takes no part."""
        bands = []
        for band in range(image.shape[2]):
            values = image[..., band].ravel()
            if missing is not None:
                values = values[~missing[..., band].ravel()]
            bands.append(_of_band(values.astype(np.float64)))
        count, mean, squares, low, high = map(np.array, zip(*bands, strict=True))
        return cls(count, mean, squares, low, high)

    @property
    def std(self) -> NDArray[np.float64]:
        """(C,) standard deviation of the population."""
        return np.sqrt(self.squares / np.maximum(self.count, 1))

    def __add__(self, other: 'Moments') -> 'Moments':
        total = self.count + other.count
        weight = other.count / np.maximum(total, 1)
        delta = other.mean - self.mean
        return Moments(
            total,
            self.mean + delta * weight,
            self.squares + other.squares + delta**2 * self.count * weight,
            np.fmin(self.minimum, other.minimum),
            np.fmax(self.maximum, other.maximum),
        )


def _of_band(values: NDArray[np.float64]) -> tuple[Any, ...]:
    """Count, mean, squared distances, minimum and maximum of the values of one band."""
    if values.size == 0:
        return 0, 0.0, 0.0, np.nan, np.nan
    mean = values.mean()
    return values.size, mean, np.square(values - mean).sum(), values.min(), values.max()
