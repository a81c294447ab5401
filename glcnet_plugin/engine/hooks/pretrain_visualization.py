"""Draw what a pretraining compares, and what its features show."""

from pathlib import Path
from typing import Any

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor, nn

from glcnet_plugin.engine.eval_context import PretrainFeatures, preserve_training_state
from glcnet_plugin.engine.utils import branch_outputs, unwrap_model
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.data_preprocessors.gpu_views import raw_views
from glcnet_plugin.models.selfsup.base import SegPretrainer
from glcnet_plugin.models.utils import coarsest_map
from glcnet_plugin.models.utils.pixel_features import normalise
from glcnet_plugin.registry import HOOKS
from glcnet_plugin.visualization.features import draw_features
from glcnet_plugin.visualization.views import draw_matched_regions, to_pixels


@HOOKS.register_module()
class PretrainVisualizationHook(Hook):
    """Draw pictures into the visualizer of the run every ``interval`` epochs, or iterations.

    ``features``: the principal components of the map that is learnt, see :func:`pca_colours`, of
    the first images of the run (of the resumed part, if it was resumed); also once before the
    first step.
    ``matched_regions``: pairs of views of the current epoch, and the regions that a branch
    compared in them, where its head returns ``boxes``.

    The pictures are files in ``vis_data/vis_image`` of the run, and in TensorBoard if that is on.
    Training continues as if they were not drawn, bit for bit.

    Args:
        interval: Epochs between two pictures.
        images: Images per picture, at most the batch size.
        by_epoch: False for an interval in iterations.

    Raises:
        ConfigError: If one of them is below 1.
    """

    priority = 'NORMAL'

    def __init__(self, interval: int = 10, images: int = 4, by_epoch: bool = True) -> None:
        if interval < 1 or images < 1:
            raise ConfigError(f'interval and images must be at least 1, got {interval}, {images}')
        self.interval = interval
        self.images = images
        self.by_epoch = by_epoch
        self.fixed: tuple[Tensor, list[str]] | None = None

    @master_only
    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Keep the first images, and draw their features."""
        if self.fixed is None:
            self.fixed = self._views(data_batch)[0], self._titles(data_batch)
            self._draw_features(runner, runner.iter)

    @master_only
    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Draw a pair of views of an interval: of its last epoch, or iteration."""
        if self.by_epoch:
            if batch_idx == 0 and self.every_n_epochs(runner, self.interval):
                self._draw_regions(runner, data_batch)
        elif self.every_n_train_iters(runner, self.interval):
            self._draw_regions(runner, data_batch)
            self._draw_features(runner, runner.iter + 1)

    @master_only
    def after_train_epoch(self, runner: Runner) -> None:
        """Draw the features of the kept images."""
        by_epoch = self.by_epoch and self.every_n_epochs(runner, self.interval)
        if self.fixed is not None and by_epoch:
            self._draw_features(runner, runner.iter)

    def _draw_features(self, runner: Runner, step: int) -> None:
        """Draw the feature map of the kept images."""
        images, titles = self.fixed  # type: ignore[misc]
        model = unwrap_model(runner)
        with preserve_training_state(model):
            name, maps = deep_map(model, normalise(model, images))
        figure = draw_features(_arrays(images), maps, titles, f'{name} at iteration {step}')
        runner.visualizer.add_image('features', to_pixels(figure), step)

    def _draw_regions(self, runner: Runner, data_batch: Any) -> None:
        """Draw the first pairs of a batch with the regions that were compared in them."""
        with_boxes = [b for b in branch_outputs(runner).values() if b.boxes is not None]
        if not with_boxes:
            return
        boxes: Any = with_boxes[0].boxes
        shape, valid = (boxes.shape[0], boxes.shape[2]), with_boxes[0].valid  # (B, K)
        valid = boxes.new_ones(shape) if valid is None else valid.view(shape)
        pairs = list(zip(*(_arrays(view) for view in self._views(data_batch)), strict=True))
        figure = draw_matched_regions(pairs, boxes, valid, self._titles(data_batch))
        runner.visualizer.add_image('matched_regions', to_pixels(figure), runner.iter)

    def _views(self, data_batch: Any) -> list[Tensor]:
        """First images of the views of a batch, raw: (images, bands, H, W) each."""
        return [view.cpu() for view in raw_views(data_batch, self.images)]

    def _titles(self, data_batch: Any) -> list[str]:
        """Names of the first images of a batch; empty where unknown."""
        samples = data_batch['data_samples'][: self.images]
        return [Path(sample.get('img_path', '')).stem for sample in samples]


def deep_map(model: nn.Module, x: Tensor) -> tuple[str, Tensor]:
    """The feature map that a pretraining trains.

    Args:
        model: A pretraining algorithm.
        x: (N, bands, H, W) normalised images.

    Returns:
        Its name, and the map (N, D, h, w): the dense map where a local branch compares it, else
        the encoder map, of algorithms of mmpretrain the coarsest one of the backbone.
    """
    if not isinstance(model, SegPretrainer):
        return 'backbone', coarsest_map(PretrainFeatures(model)(x))
    encoder_map, dense_map = model.forward_maps(x)
    if dense_map is None or getattr(model, 'local_head', None) is None:
        return 'encoder map', encoder_map
    return 'dense map', dense_map


def _arrays(images: Tensor) -> list[Any]:
    """(N, bands, H, W) -> N arrays (H, W, bands)."""
    return list(images.movedim(1, -1).numpy())
