"""Draw predictions on images with any number of bands."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.runner import Runner
from mmseg.engine.hooks import SegVisualizationHook

from glcnet_plugin.datasets.io.images import read_image
from glcnet_plugin.registry import HOOKS
from glcnet_plugin.visualization import to_rgb


@HOOKS.register_module()
class RSSegVisualizationHook(SegVisualizationHook):
    """mmseg's hook for images that OpenCV cannot show: many bands, 16 bits, floats.

    Args:
        bands: Indices of the bands shown as red, green and blue.
        kwargs: Arguments of mmseg's hook, such as ``draw=True`` and ``interval``.
    """

    def __init__(self, bands: Sequence[int] = (0, 1, 2), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.bands = bands
        self.drawn = 0

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any, outputs: Sequence[Any]
    ) -> None:
        """Draw the first sample of every ``interval``-th batch."""
        step = runner.iter + batch_idx
        if self.draw and step % self.interval == 0:
            self._add('val', outputs[0], step)

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any, outputs: Sequence[Any]
    ) -> None:
        """Draw every sample."""
        for sample in outputs if self.draw else ():
            self.drawn += 1
            self._add('test', sample, self.drawn)

    def _add(self, stage: str, sample: Any, step: int) -> None:
        """Hand an image and its prediction to the visualizer."""
        image = read_image(sample.img_path, backend_args=self.backend_args)
        self._visualizer.add_datasample(
            f'{stage}_{Path(sample.img_path).stem}',
            to_rgb(image, self.bands),
            data_sample=sample,
            show=self.show,
            wait_time=self.wait_time,
            step=step,
        )
