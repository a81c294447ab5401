"""Two views of one image, with the geometry of each."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform, Compose

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.geometry import Matrix
from glcnet_plugin.registry import TRANSFORMS

# Geometric transforms of mmcv and mmpretrain, and ours that leave no record.
MOVES_PIXELS = (
    'CenterCrop',
    'EfficientNetCenterCrop',
    'EfficientNetRandomCrop',
    'Pad',
    'RandomCrop',
    'RandomFlip',
    'RandomResize',
    'RandomResizedCrop',
    'RandomScale',
    'Resize',
    'ResizeEdge',
    'Rotate',
    'Shear',
    'Translate',
)

ROUNDING = 1e-6  # source pixels: crops that only touch share no ground


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
        ConfigError: If there are not two views, ``max_attempts`` is below 1, or a view moves
            pixels with a transform that leaves no record.
    """

    def __init__(self, views: Sequence[Sequence[dict[str, Any]]], max_attempts: int = 10) -> None:
        if len(views) != 2:
            raise ConfigError(f'views must hold 2 pipelines, got {len(views)}')
        if max_attempts < 1:
            raise ConfigError(f'max_attempts must be at least 1, got {max_attempts}')
        self.pipelines = [Compose(list(view)) for view in views]
        for pipeline in self.pipelines:
            _refuse_untracked(pipeline)
        self.max_attempts = max_attempts

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Make the views.

        Args:
            results: The sample, with ``img`` (H, W, bands).

        Returns:
            The sample with ``img``, a list of two views (H', W', bands), and
            ``view_matrix``, a (2, 3, 3) float32 tensor: source pixels to view pixels.

        Raises:
            DataError: If the views differ in size.
        """
        first = self._view(0, results)
        for _ in range(self.max_attempts):
            second = self._view(1, results)
            matrices = np.stack([first['view_matrix'], second['view_matrix']])
            if _share_ground(matrices, first['img'].shape[:2]):
                break
        if first['img'].shape != second['img'].shape:
            raise DataError(
                f'the two views must be of one size, got {first["img"].shape} and '
                f'{second["img"].shape}'
            )
        results['img'] = [_stackable(view['img']) for view in (first, second)]
        results['view_matrix'] = torch.from_numpy(matrices).float()
        return results

    def _view(self, index: int, results: dict[str, Any]) -> dict[str, Any]:
        """Run one pipeline on a copy of the sample; transforms leave the image array alone."""
        view: dict[str, Any] = self.pipelines[index]({'view_matrix': np.eye(3), **results})
        return view


def _share_ground(matrices: Matrix, size: tuple[int, int]) -> bool:
    """Whether ``geometry.view_overlap`` is above 0; for one pair, NumPy is faster than torch.

    Args:
        matrices: (2, 3, 3) source pixels to view pixels; a view has edges along its axes.
        size: (H, W) of the views.
    """
    corners = np.array([[0, size[1]], [0, size[0]], [1, 1]])
    ground = (np.linalg.inv(matrices) @ corners)[:, :2]  # (V, xy, opposite corners)
    common = ground.max(2).min(0) - ground.min(2).max(0)
    return bool((common > ROUNDING).all())


def _refuse_untracked(step: Any) -> None:
    """Raise for transforms of the hosts that move pixels, also inside wrappers."""
    name = type(step).__name__
    if name in MOVES_PIXELS:
        raise ConfigError(
            f'{name} moves pixels without recording how, so regions would not match: use '
            'TrackedRandomCrop, TrackedRandomResizedCrop, TrackedRandomFlip or '
            'RandomRotate90 of glcnet_plugin'
        )
    for inner in step if isinstance(step, Iterable) else ():
        _refuse_untracked(inner)


def _stackable(image: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Cast uint16, which torch cannot do arithmetic with, to float32."""
    return image.astype(np.float32) if image.dtype == np.uint16 else image
