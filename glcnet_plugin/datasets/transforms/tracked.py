"""Geometric transforms of MM that also record what they did as a matrix.

Each multiplies ``results['view_matrix']`` (source pixels to view pixels, created when
missing) from the left with its own matrix. The random numbers are read where the host draws
them, so what is recorded is what was done. (mmcv's ``cache_random_params`` would do that too,
but wraps the method anew on each use and ends in a RecursionError after some 1,000 images.)
"""

from typing import Any

import cv2
import numpy as np
from mmcv.transforms import BaseTransform, RandomFlip
from mmpretrain.datasets.transforms import RandomCrop, RandomResizedCrop
from numpy.typing import NDArray

from glcnet_plugin.datasets.transforms.many_bands import ManyBandsMixin
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.geometry import (
    Matrix,
    crop_resize_matrix,
    flip_matrix,
    rotate90_matrix,
)
from glcnet_plugin.registry import TRANSFORMS

OPENCV_BANDS = 4  # with up to so many, OpenCV flips and turns faster than NumPy, or at all
OPENCV_FLIPS = {'horizontal': 1, 'vertical': 0, 'diagonal': -1}
OPENCV_TURNS = (cv2.ROTATE_90_COUNTERCLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_CLOCKWISE)


def _record(results: dict[str, Any], matrix: Matrix) -> dict[str, Any]:
    """Chain the matrix of the step just done; keep the image three-dimensional."""
    results['view_matrix'] = matrix @ results.get('view_matrix', np.eye(3))
    image = results['img']
    # OpenCV drops the axis of a single band
    results['img'] = image[:, :, None] if image.ndim == 2 else image
    results['img_shape'] = image.shape[:2]
    return results


class RecordCropMixin:
    """Keep what a cropping transform of MM draws; to be mixed in before it."""

    drawn: tuple[int, int, int, int]

    def rand_crop_params(self, img: NDArray[Any]) -> tuple[int, int, int, int]:
        """Draw a crop as MM does, and keep it: y, x, height, width in pixels."""
        self.drawn = super().rand_crop_params(img)  # type: ignore[misc]
        return self.drawn


@TRANSFORMS.register_module()
class TrackedRandomCrop(RecordCropMixin, RandomCrop):
    """MM's ``RandomCrop`` that records its matrix and never pads.

    **Required Keys:**

    - img

    **Modified Keys:**

    - img
    - img_shape

    **Added Keys:**

    - view_matrix

    Args:
        crop_size: Side of the crop in pixels, or (H, W).
    """

    def __init__(self, crop_size: int | tuple[int, int]) -> None:
        super().__init__(crop_size)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Crop the image.

        Args:
            results: The sample.

        Returns:
            The sample with the crop and its matrix.

        Raises:
            DataError: If the image is smaller than the crop.
        """
        height, width = results['img'].shape[:2]
        if height < self.crop_size[0] or width < self.crop_size[1]:
            raise DataError(
                f'{results.get("img_path", "the image")} has {height}x{width} pixels, less '
                f'than the {self.crop_size[0]}x{self.crop_size[1]} crop: use a smaller '
                'crop_size, or larger tiles'
            )
        results = super().transform(results)
        y, x, h, w = self.drawn
        return _record(results, crop_resize_matrix(x, y, w, h, w, h))


@TRANSFORMS.register_module()
class TrackedRandomResizedCrop(ManyBandsMixin, RecordCropMixin, RandomResizedCrop):
    """MM's ``RandomResizedCrop`` that records its matrix. Arguments as there.

    **Required Keys:**

    - img

    **Modified Keys:**

    - img
    - img_shape

    **Added Keys:**

    - view_matrix
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Crop the image and resize the crop.

        Args:
            results: The sample.

        Returns:
            The sample with the resized crop and its matrix.
        """
        results = super().transform(results)
        y, x, h, w = self.drawn
        return _record(results, crop_resize_matrix(x, y, w, h, self.scale[1], self.scale[0]))


@TRANSFORMS.register_module()
class TrackedRandomFlip(RandomFlip):
    """MM's ``RandomFlip`` that records its matrix. Arguments as there.

    **Required Keys:**

    - img

    **Modified Keys:**

    - img

    **Added Keys:**

    - flip
    - flip_direction
    - view_matrix
    """

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Flip the image, or not.

        Args:
            results: The sample.

        Returns:
            The sample with the image and its matrix.
        """
        image = np.atleast_3d(results['img'])
        results = super().transform(results)
        if not results['flip']:
            return _record(results, np.eye(3))
        height, width, bands = image.shape
        direction = results['flip_direction']
        if bands <= OPENCV_BANDS:
            results['img'] = cv2.flip(image, OPENCV_FLIPS[direction])
        else:  # MM makes a view
            results['img'] = np.ascontiguousarray(results['img'])
        return _record(results, flip_matrix(direction, width, height))


@TRANSFORMS.register_module()
class RandomRotate90(BaseTransform):
    """Turn the image by 90, 180 or 270 degrees, label maps with it, and record the matrix.

    **Required Keys:**

    - img
    - seg_fields (optional)

    **Modified Keys:**

    - img
    - every label map that ``seg_fields`` names

    **Added Keys:**

    - img_shape
    - view_matrix

    Args:
        prob: Probability of a turn; the official code uses 0.8.

    Raises:
        ConfigError: If ``prob`` lies outside [0, 1].
    """

    def __init__(self, prob: float = 0.8) -> None:
        if not 0 <= prob <= 1:
            raise ConfigError(f'prob must lie in [0, 1], got {prob}')
        self.prob = prob

    def rand_turns(self) -> int:
        """Number of quarter turns: 0 with probability 1 - prob, else 1, 2 or 3."""
        return int(np.random.randint(1, 4)) if np.random.rand() < self.prob else 0

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Turn the image.

        Args:
            results: The sample.

        Returns:
            The sample with the turned image and its matrix.
        """
        turns = self.rand_turns()
        image = np.atleast_3d(results['img'])
        height, width, bands = image.shape
        for key in results.get('seg_fields', ()):
            results[key] = np.ascontiguousarray(np.rot90(results[key], turns))
        if bands > OPENCV_BANDS:
            results['img'] = np.ascontiguousarray(np.rot90(image, turns))
        elif turns:
            results['img'] = cv2.rotate(image, OPENCV_TURNS[turns - 1])
        return _record(results, rotate90_matrix(turns, width, height))
