"""Range of the values of data that are not 8-bit, for steps that change colours."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from mmengine.logging import print_log
from numpy.typing import NDArray

from glcnet_plugin.datasets.io.images import image_info, read_masked
from glcnet_plugin.datasets.io.rasters import Bands, Window
from glcnet_plugin.datasets.transforms.loading import LoadRSImage
from glcnet_plugin.datasets.transforms.photometric_base import PERCENTILES, PhotometricTransform
from glcnet_plugin.datasets.transforms.pipeline_steps import pipeline_steps
from glcnet_plugin.errors import DataError

SAMPLED_IMAGES = 32
SAMPLED_SIDE = 512  # pixels, in the middle of an image
SAMPLED_PIXELS = 4096  # of these, in each image
Item = TypeVar('Item')
ValueRange = NDArray[np.float64]  # (2, bands): low, high


class ValueRangeMixin:
    """Tell photometric steps the value range of a dataset, as ``value_range`` of each sample.

    8-bit values are 0..255, which costs nothing. For other types, the range is read from a few
    images when the dataset is made, and only if its pipeline has a photometric step.

    Args:
        value_range: (low, high) of all bands, or of each band; None to read it from the images.
        kwargs: Arguments of the dataset.
    """

    pipeline: Any
    _fully_initialized: bool

    def __init__(
        self, value_range: Sequence[Sequence[float] | float] | None = None, **kwargs: Any
    ) -> None:
        self.value_range = None if value_range is None else np.asarray(value_range, float)
        super().__init__(**kwargs)

    def full_init(self) -> None:
        """List the images, and read the range where it is needed."""
        if self._fully_initialized:
            return
        super().full_init()  # type: ignore[misc]
        steps = list(pipeline_steps(self.pipeline))
        loader = next((step for step in steps if isinstance(step, LoadRSImage)), None)
        changed = any(isinstance(step, PhotometricTransform) for step in steps)
        if self.value_range is not None or loader is None or not changed:
            return
        paths = self.sampled_paths(SAMPLED_IMAGES)
        self.value_range = sampled_range(paths, loader.bands, loader.backend_args, loader.alpha)
        if self.value_range is not None:
            low, high = ([float(f'{v:.4g}') for v in values] for values in self.value_range)
            print_log(
                f'{type(self).__name__}: range of values for changes of colour (percentiles '
                f'{PERCENTILES[0]} and {PERCENTILES[1]} of {len(paths)} images): {low} to {high}',
                logger='current',
                level=logging.INFO,
            )

    def sampled_paths(self, number: int) -> list[str]:
        """Paths of images, evenly spread over the dataset."""
        indices = spread(range(len(self)), number)  # type: ignore[arg-type]
        return [super(ValueRangeMixin, self).get_data_info(i)['img_path'] for i in indices]  # type: ignore[misc]

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Entry of a sample.

        Args:
            idx: Index of the sample.

        Returns:
            The entry, with ``value_range`` where it is known.
        """
        info: dict[str, Any] = super().get_data_info(idx)  # type: ignore[misc]
        return info if self.value_range is None else {**info, 'value_range': self.value_range}


def spread(items: Sequence[Item], number: int) -> list[Item]:
    """At most that many items, evenly spread."""
    places = np.linspace(0, len(items) - 1, min(number, len(items)))
    return [items[int(place)] for place in places]


def sampled_range(
    paths: Sequence[str],
    bands: Bands | None = None,
    backend_args: dict[str, Any] | None = None,
    alpha: str = 'data',
) -> ValueRange | None:
    """Percentiles of the values of images, nodata left out.

    Args:
        paths: The images; those that cannot be read are left out.
        bands: Bands to take, see :func:`read_masked`.
        backend_args: Arguments of an MM file backend.
        alpha: What a band marked as alpha is, see :func:`read_masked`.

    Returns:
        (2, bands), low and high; None where the first image is 8-bit, or none can be read.
    """
    samples: list[NDArray[np.float64]] = []
    for path in paths:
        try:
            window = None if backend_args else _middle(path)
            image, missing = read_masked(path, bands, window, backend_args, alpha)
        except DataError:  # told when the training reads it
            continue
        if image.dtype == np.uint8 and not samples:
            return None
        values = image.astype(np.float64)
        if missing is not None:
            values[missing] = np.nan
        values = values.reshape(-1, values.shape[-1])
        values = values[:: max(1, len(values) // SAMPLED_PIXELS)]
        if not samples or samples[0].shape[1] == values.shape[1]:
            samples.append(values)
    if not samples:
        return None
    together = np.concatenate(samples)
    together[:, np.isnan(together).all(0)] = 0  # a band without any value
    return np.nanpercentile(together, PERCENTILES, axis=0)


def _middle(path: str | Path) -> Window | None:
    """Window in the middle of a large image."""
    info = image_info(path)
    height, width = min(info.height, SAMPLED_SIDE), min(info.width, SAMPLED_SIDE)
    if (height, width) == (info.height, info.width):
        return None
    return (info.height - height) // 2, (info.width - width) // 2, height, width
