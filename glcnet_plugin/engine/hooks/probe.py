"""Score the features during pretraining, on a few labelled images."""

import time
from functools import partial
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from glcnet_plugin.engine.eval_context import PretrainFeatures, preserve_training_state
from glcnet_plugin.engine.probe_sets import ProbeSets, extract, read_probe_sets
from glcnet_plugin.engine.utils import on_first_process, unwrap_model
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.evaluation.confusion import confusion_scores
from glcnet_plugin.evaluation.probe import knn_probe, linear_probe
from glcnet_plugin.registry import HOOKS

Cfg = dict[str, Any]
CLASSIFIERS = {'linear': linear_probe, 'knn': knn_probe}


@HOOKS.register_module()
class ProbeHook(Hook):
    """Classify pixels of a few labelled images by the frozen features, at intervals.

    Logs ``probe_Kappa`` and ``probe_mIoU`` of the pixels of ``val``, after fitting a classifier
    to those of ``train``, before the first iteration and at every interval. The pixels stay the
    same. Training continues as if there were no probe, bit for bit. With multiple processes the
    first one probes and the others wait. What the numbers mean: docs/probe.md.

    The images of both sets stay in memory: give dozens of tiles, not thousands.

    Args:
        train: Config of a dataset of mmseg or this package, such as ``FolderSegDataset``, or of
            a wrapper around it. Its ``pipeline`` may be left out; else it ends with
            ``mmseg.PackSegInputs``.
        val: The same for the pixels to score.
        interval: Epochs between two probes.
        by_epoch: False for an interval in iterations.
        pixels: Pixels that are drawn per image; unlabelled ones among them are left out.
        classifier: 'linear' for logistic regression, see :func:`linear_probe`, 'knn' for
            nearest neighbours, see :func:`knn_probe`.

    Raises:
        ConfigError: If ``interval`` or ``pixels`` is below 1, or the classifier is unknown.
        DataError: Before the first iteration, if a set is empty or shows one class only, both
            share an image or differ in classes, or images and network differ in bands.
        NonFiniteError: If the features hold NaN or infinity.
    """

    priority = 'NORMAL'

    def __init__(
        self,
        train: Cfg,
        val: Cfg,
        interval: int = 10,
        by_epoch: bool = True,
        pixels: int = 100,
        classifier: str = 'linear',
    ) -> None:
        if interval < 1 or pixels < 1:
            raise ConfigError(f'interval and pixels must be at least 1, got {interval}, {pixels}')
        if classifier not in CLASSIFIERS:
            raise ConfigError(f"classifier must be 'linear' or 'knn', got {classifier!r}")
        self.configs = {'train': train, 'val': val}
        self.interval = interval
        self.by_epoch = by_epoch
        self.pixels = pixels
        self.classify: Any = CLASSIFIERS[classifier]
        self.sets: ProbeSets | None = None

    def before_train(self, runner: Runner) -> None:
        """Read both sets, and score the network as it is."""
        on_first_process(partial(self._probe, runner, runner.iter), 'the probe')

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Score the network, if the interval counts iterations."""
        if not self.by_epoch and self.every_n_train_iters(runner, self.interval):
            on_first_process(partial(self._probe, runner, runner.iter + 1), 'the probe')

    def after_train_epoch(self, runner: Runner) -> None:
        """Score the network, if the interval counts epochs."""
        if self.by_epoch and self.every_n_epochs(runner, self.interval):
            on_first_process(partial(self._probe, runner, runner.iter), 'the probe')

    def _probe(self, runner: Runner, iteration: int) -> None:
        """Score the network and log the scores."""
        model, start = unwrap_model(runner), time.perf_counter()
        with preserve_training_state(model):
            if self.sets is None:
                self.sets = read_probe_sets(**self.configs, pixels=self.pixels)
            features = PretrainFeatures(model)
            parts = (*extract(features, self.sets.train), *extract(features, self.sets.val))
            hist = self.classify(*parts, num_classes=len(self.sets.classes))
        scores = {f'probe_{name}': confusion_scores(hist)[name] for name in ('Kappa', 'mIoU')}
        for name, value in scores.items():
            runner.message_hub.update_scalar(name, value)
        # LoggerHook writes at its own intervals, and may miss the last probe
        runner.visualizer.add_scalars(scores, step=iteration)
        text = ', '.join(f'{name}: {value:.4f}' for name, value in scores.items())
        seconds = time.perf_counter() - start
        runner.logger.info(f'probe at iteration {iteration}: {text} ({seconds:.1f} s)')
