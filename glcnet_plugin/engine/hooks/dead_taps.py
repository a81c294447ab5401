"""Warn of convolutions whose taps never see the image."""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from torch import nn

from glcnet_plugin.engine.dead_taps import MapRecorder, Size, dead_taps, shortened, untrained_taps
from glcnet_plugin.engine.utils import unwrap_model
from glcnet_plugin.registry import HOOKS

META = 'dilated_maps'  # in the meta data of a checkpoint
TRAINING = (
    'dilated convolutions are wider than their maps:{}\nThese taps keep their random start, and '
    'larger images would use them untrained: use smaller rates (model.decode_head.dilations), '
    "larger crops, or score in windows of the training size (model.test_cfg.mode='slide')"
)
SCORING = (
    'images are scored at a size at which untrained weights are used:{}\nScore in windows of the '
    "training size (model.test_cfg=dict(mode='slide', crop_size=..., stride=...)), or train with "
    'smaller rates'
)


@HOOKS.register_module()
class DeadTapsHook(Hook):
    """Compare the rates of dilated convolutions with the maps that they get.

    The sizes of the maps are read in the first training step and in the first batch that is
    scored. Taps that read nothing but padding in training are logged as a warning; in scoring,
    those that the images reach without training. Checkpoints keep the sizes of the training.
    """

    priority = 'NORMAL'

    def __init__(self) -> None:
        self.started = False
        self.recorder: MapRecorder | None = None
        self.trained: dict[str, Size] = {}
        self.from_checkpoint: dict[str, Size] = {}

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Record the first step."""
        if not self.started:
            self.started = True
            self.recorder = MapRecorder(unwrap_model(runner))

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Mapping[str, Any] | None = None,
    ) -> None:
        """Warn after the first step."""
        if self.recorder is None:
            return
        self.trained = self._sizes()
        if lines := dead_taps(unwrap_model(runner), self.trained):
            print_log(TRAINING.format(shortened(lines)), 'current', logging.WARNING)

    def before_val_epoch(self, runner: Runner) -> None:
        """Record the first batch of a validation or test."""
        self.recorder = MapRecorder(_network(runner))

    def after_val_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: Any = None,
        outputs: Sequence[Any] | None = None,
    ) -> None:
        """Warn after the first batch."""
        self._compare(runner)

    before_test_epoch, after_test_iter = before_val_epoch, after_val_iter

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Keep the sizes of the maps of the training."""
        if self.trained:
            sizes = {name: list(size) for name, size in self.trained.items()}
            checkpoint.setdefault('meta', {})[META] = sizes

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Read the sizes of the training that wrote the checkpoint, for a test."""
        sizes = (checkpoint.get('meta') or {}).get(META) or {}
        self.from_checkpoint = {name: tuple(size) for name, size in sizes.items()}

    def _sizes(self) -> dict[str, Size]:
        """End a recording."""
        recorder, self.recorder = self.recorder, None
        if recorder is None:
            return {}
        recorder.remove()
        return recorder.sizes

    def _compare(self, runner: Runner) -> None:
        """Compare the maps of scoring with those of training, once per evaluation."""
        sizes = self._sizes()
        if not sizes:
            return
        trained = self.trained or self.from_checkpoint
        if lines := untrained_taps(_network(runner), trained, sizes):
            print_log(SCORING.format(shortened(lines)), 'current', logging.WARNING)


def _network(runner: Runner) -> nn.Module:
    """The network of a run, without wrappers of distributed training and test-time augmentation."""
    model = unwrap_model(runner)
    inner: nn.Module = getattr(model, 'module', model)
    return inner
