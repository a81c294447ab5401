"""Two views that are drawn by the loader and made on the device of the network.

The loader draws matrices and changes of colour from the transforms of :class:`TwoViews`, by the
random numbers of the sample. So the views have the distribution of those of :class:`TwoViews`, are
the same on every device and with any number of workers, and after a resume.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from mmcv.transforms import RandomApply

from glcnet_plugin.datasets.drawn_views import Change, DrawnViews, draw
from glcnet_plugin.datasets.transforms.photometric_base import PhotometricTransform
from glcnet_plugin.datasets.transforms.pipeline_steps import pipeline_steps
from glcnet_plugin.datasets.transforms.two_views import TwoViews
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.registry import TRANSFORMS

UNMADE = 'is not made on the device: leave it out, or use TwoViews in place of TwoViewsOnDevice'


@TRANSFORMS.register_module()
class TwoViewsOnDevice(TwoViews):
    """Draw two views as :class:`TwoViews` does; :class:`RSSelfSupDataPreprocessor` makes them.

    So a batch holds tiles, and a GPU crops, turns and changes them in colour. The data
    preprocessor needs kornia: ``pip install 'glcnet-plugin[gpu-views]'``. Tiles of a batch must be
    of one size: :class:`TrackedRandomCrop` goes before.

    Geometric steps of the views are any tracked ones; the changes of colour that follow them are
    :class:`RandomHSVShift`, :class:`RandomBandCopy` and :class:`RandomGaussianBlur`, also in
    ``RandomApply``.

    **Required Keys:**

    - img
    - value_range, colour_bands (optional): as in :class:`PhotometricTransform`

    **Added Keys:**

    - view_matrix
    - drawn_views: a :class:`DrawnViews`, for ``algorithm_keys`` of ``PackInputs``

    Args:
        views: As in :class:`TwoViews`.
        max_attempts: As in :class:`TwoViews`.

    Raises:
        ConfigError: As in :class:`TwoViews`, or if a change of colour is another one or comes
            before a geometric step.
    """

    def __init__(self, views: Sequence[Sequence[dict[str, Any]]], max_attempts: int = 10) -> None:
        super().__init__(views, max_attempts)
        self.steps = [list(pipeline_steps(pipeline)) for pipeline in self.pipelines]
        for steps in self.steps:
            _refuse_unmade(steps)
        self.drawn: list[dict[int, Change]] = [{}, {}]  # last changes of each view

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Draw the views.

        Args:
            results: The sample, with ``img`` (H, W, bands).

        Returns:
            The sample with ``img`` as it was, ``view_matrix``, a (2, 3, 3) float32 tensor of
            source pixels to view pixels, and ``drawn_views``.

        Raises:
            ConfigError: If a step is neither a tracked nor a known change of colour.
        """
        tile, tile_matrix = results['img'], results.get('view_matrix', np.eye(3))
        results = super().transform(results)
        to_tile = tile_matrix @ np.linalg.inv(results['view_matrix'].double().numpy())
        size = results['img'][0].shape[:2]
        results['drawn_views'] = DrawnViews(to_tile, size, (self.drawn[0], self.drawn[1]))
        results['img'] = tile
        return results

    def _view(self, index: int, results: dict[str, Any]) -> dict[str, Any]:
        """Draw one view: its geometry with an empty image of one band, its colours not at all."""
        tile = results['img']
        empty = np.zeros((*tile.shape[:2], 1), np.uint8)
        view = {'view_matrix': np.eye(3), **results, 'img': empty}
        self.drawn[index] = {}
        for step in _applied(self.pipelines[index]):
            if not isinstance(step, PhotometricTransform):
                before = view['view_matrix']
                view = step(view)
                if view['view_matrix'] is before:
                    raise ConfigError(f'{type(step).__name__} records no view_matrix and {UNMADE}')
            elif step.rand_apply() and (change := draw(step, tile, results)) is not None:
                self.drawn[index][self.steps[index].index(step)] = change
        return view


def _refuse_unmade(steps: Iterable[Any]) -> None:
    """Raise for changes of colour that the device does not make, or not in their place."""
    colour = None
    for step in steps:
        name = type(step).__name__
        if isinstance(step, PhotometricTransform):
            colour = name
            if type(step) not in draw.registry:  # a subclass may do something else
                raise ConfigError(f'{name} {UNMADE}')
        elif colour and not isinstance(step, RandomApply):
            raise ConfigError(
                f'{name} comes after {colour}, and the device changes colours last: put it before'
            )


def _applied(steps: Iterable[Any]) -> Iterator[Any]:
    """The steps, those in ``RandomApply`` if it draws to apply them."""
    for step in steps:
        if not isinstance(step, RandomApply):
            yield step
        elif step.random_apply():
            yield from _applied(step)
