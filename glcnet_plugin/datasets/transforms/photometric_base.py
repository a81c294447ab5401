"""What the steps have in common that change colours: the range of the values."""

import logging
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.logging import print_log
from numpy.typing import ArrayLike, NDArray

from glcnet_plugin.errors import ConfigError

Image = NDArray[Any]
Floats = NDArray[np.float32]
PERCENTILES = (2, 98)  # of values that are not 8-bit: the usual stretch to 8 bits


class WarnOnce:
    """Log a warning once, over all workers of a process."""

    def __init__(self) -> None:
        self.said = torch.zeros(1, dtype=torch.bool)
        self.said.share_memory_()  # type: ignore[no-untyped-call]

    def __call__(self, text: str) -> None:
        """Log a text, if it is the first."""
        if not self.said:
            self.said.fill_(True)
            print_log(text, logger='current', level=logging.WARNING)


def affine(image: Image, before: ArrayLike, gain: ArrayLike, after: ArrayLike) -> Floats:
    """``(image - before) * gain + after`` in float32.

    Args:
        image: (H, W, bands).
        before: Subtracted first; (bands,), or one value.
        gain: Multiplied; (bands,), or one value.
        after: Added last; (bands,), or one value.

    Returns:
        A new array, (H, W, bands).
    """
    values = image.astype(np.float32, order='C')  # so that rows are a view of it
    rows = values.reshape(len(values), -1)  # NumPy is slow along an axis as short as the bands
    for operation, operand in ((np.subtract, before), (np.multiply, gain), (np.add, after)):
        of_bands = np.broadcast_to(np.asarray(operand, np.float32), image.shape[2])
        operation(rows, np.tile(of_bands, image.shape[1]), out=rows)
    return values


def restore(values: Floats, like: Image) -> Image:
    """Cast values to the type of ``like``; integers are rounded and clipped to it."""
    if np.issubdtype(like.dtype, np.integer):
        limits = np.iinfo(like.dtype)
        values = np.rint(np.clip(values, limits.min, limits.max))
    return values.astype(like.dtype, copy=False)


class PhotometricTransform(BaseTransform):
    """Apply :meth:`change` to the image with a probability.

    **Required Keys:**

    - img
    - value_range (optional): low and high, one value each or one per band
    - colour_bands (optional): indices of red, green and blue, or None

    **Modified Keys:**

    - img

    Args:
        prob: Probability of applying it.

    Raises:
        ConfigError: If ``prob`` lies outside [0, 1].
    """

    def __init__(self, prob: float) -> None:
        if not 0 <= prob <= 1:
            raise ConfigError(f'prob must lie in [0, 1], got {prob}')
        self.prob = prob
        self.warn = WarnOnce()

    def rand_apply(self) -> bool:
        """Whether to apply the change this time."""
        return bool(np.random.rand() < self.prob)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Change the image of a sample, or not.

        Args:
            results: The sample.

        Returns:
            The sample; its former image array is left as it was.
        """
        if self.rand_apply():
            results['img'] = self.change(results['img'], results)
        return results

    @abstractmethod
    def change(self, image: Image, sample: Mapping[str, Any]) -> Image:
        """Return a changed copy of ``image`` (H, W, bands), of the same type and shape."""

    def value_range(self, image: Image, sample: Mapping[str, Any]) -> tuple[Floats, Floats]:
        """Low end and width of the range of values of each band.

        Args:
            image: (H, W, bands).
            sample: The sample, with ``value_range`` where it is known.

        Returns:
            Two arrays, (bands,) each.

        Raises:
            ConfigError: If ``value_range`` is of another number of bands.
        """
        known, bands = sample.get('value_range'), image.shape[2]
        if image.dtype == np.uint8:
            known = (0, 255)
        elif known is None:
            known = np.percentile(image, PERCENTILES, axis=(0, 1))
            self.warn(
                f'{type(self).__name__}: {image.dtype} images without a value_range, such as '
                f'{sample.get("img_path", "the first")}: each is changed in proportion to its own '
                f'values; datasets of glcnet_plugin give the range of the data'
            )
        low, high = (np.asarray(value, np.float32) for value in known)
        if low.ndim and len(low) != bands:
            raise ConfigError(
                f'value_range is of {len(low)} bands, the image has {bands}: give low and high of '
                'each band'
            )
        return np.broadcast_to(low, bands), np.broadcast_to(high - low, bands)
