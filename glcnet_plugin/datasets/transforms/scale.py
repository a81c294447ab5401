"""Scale images relative to their own size."""

from typing import Any

import numpy as np
from mmcv.transforms import RandomResize

from glcnet_plugin.datasets.transforms.many_bands import ManyBandsMixin
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomScale(ManyBandsMixin, RandomResize):
    """MM's ``RandomResize`` by a random factor of the image's own size.

    Both sides get the same factor, and tiles of any size are trained at the scale at which they
    are scored. Label maps are resized with their nearest neighbours.

    **Required Keys:**

    - img
    - gt_seg_map (optional)

    **Modified Keys:**

    - img
    - img_shape
    - gt_seg_map

    **Added Keys:**

    - scale
    - scale_factor
    - keep_ratio

    Args:
        factors: Smallest and largest factor.

    Raises:
        ConfigError: If they are not positive or not in order.
    """

    def __init__(self, factors: tuple[float, float] = (0.9, 1.1)) -> None:
        if len(factors) != 2 or not 0 < factors[0] <= factors[1]:
            raise ConfigError(f'factors must be 0 < smallest <= largest, got {factors}')
        super().__init__((1, 1), ratio_range=tuple(factors), keep_ratio=False)

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Resize the image and its label map.

        Args:
            results: The sample.

        Returns:
            The resized sample.
        """
        height, width = results['img'].shape[:2]
        self.scale = (width, height)
        results = super().transform(results)
        results['img'] = np.atleast_3d(results['img'])  # OpenCV drops the axis of a single band
        return results
