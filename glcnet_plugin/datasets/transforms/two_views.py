"""Two views of one image, with the geometry of each."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform, Compose

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.geometry import view_overlap
from glcnet_plugin.registry import TRANSFORMS


@TRANSFORMS.register_module()
class TwoViews(BaseTransform):
    """Send an image through two pipelines and keep the matrix of each view.

    Geometric steps, also those before this one, must be the tracked ones of this package.
    What both views share, such as cutting a tile out of a larger image, goes before. Where
    the views show no common ground, the second is drawn again; with the official crops that
    never happens.

    **Required Keys:**

    - img

    **Modified Keys:**

    - img

    **Added Keys:**

    - view_matrix

    Args:
        views: Two lists of transform configs, one per view.
        max_attempts: How often to draw the second view at most. A pair that still has no
            overlap is passed on: it takes part in the global branch only.

    Raises:
        ConfigError: If there are not two views, or ``max_attempts`` is below 1.
    """

    def __init__(self, views: Sequence[Sequence[dict[str, Any]]], max_attempts: int = 10) -> None:
        if len(views) != 2:
            raise ConfigError(f'views must hold 2 pipelines, got {len(views)}')
        if max_attempts < 1:
            raise ConfigError(f'max_attempts must be at least 1, got {max_attempts}')
        self.pipelines = [Compose(list(view)) for view in views]
        self.max_attempts = max_attempts

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Make the views.

        Args:
            results: The sample, with ``img`` (H, W, bands).

        Returns:
            The sample with ``img``, a list of two views (H', W', bands), and
            ``view_matrix``, a (2, 3, 3) float32 tensor: source pixels to view pixels.

        Raises:
            DataError: If a pipeline left no matrix, or the views differ in size.
        """
        first = self._view(0, results)
        for _ in range(self.max_attempts):
            second = self._view(1, results)
            matrices = torch.from_numpy(np.stack([first['view_matrix'], second['view_matrix']]))
            if view_overlap(matrices, first['img'].shape[:2]) > 0:
                break
        if first['img'].shape != second['img'].shape:
            raise DataError(
                f'the two views must be of one size, got {first["img"].shape} and '
                f'{second["img"].shape}'
            )
        results['img'] = [_stackable(view['img']) for view in (first, second)]
        results['view_matrix'] = matrices.float()
        return results

    def _view(self, index: int, results: dict[str, Any]) -> dict[str, Any]:
        """Run one pipeline on a copy of the sample; transforms leave the image array alone."""
        view: dict[str, Any] = self.pipelines[index]({'view_matrix': np.eye(3), **results})
        return view


def _stackable(image: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Cast uint16, which torch cannot do arithmetic with, to float32."""
    return image.astype(np.float32) if image.dtype == np.uint16 else image
