"""Watch what the features know while they are learnt without labels."""

import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.hooks import Hook
from mmengine.registry import DATASETS
from mmengine.runner import Runner
from numpy.typing import NDArray
from torch import Tensor

from glcnet_plugin.datasets.io.masks import IGNORE
from glcnet_plugin.engine.eval_context import PretrainFeatures, normalise, preserve_training_state
from glcnet_plugin.engine.utils import unwrap_model
from glcnet_plugin.errors import ConfigError, DataError, NonFiniteError
from glcnet_plugin.evaluation.confusion import confusion_scores
from glcnet_plugin.evaluation.probe import knn_probe, linear_probe
from glcnet_plugin.registry import HOOKS
from glcnet_plugin.utils.cli import error_message

Cfg = dict[str, Any]
CLASSIFIERS = {'linear': linear_probe, 'knn': knn_probe}
PIPELINE = [
    {'type': 'glcnet_plugin.LoadRSImage'},
    {'type': 'glcnet_plugin.LoadRSMask'},
    {'type': 'mmseg.PackSegInputs'},
]


class LabelledPixels(NamedTuple):
    """Some pixels of an image: (bands, H, W), (P, 2) x and y of pixel indices, (P,) classes."""

    image: Tensor
    points: Tensor
    labels: NDArray[np.int64]


@HOOKS.register_module()
class ProbeHook(Hook):
    """Classify pixels of a few labelled images by the frozen features, at intervals.

    Logs ``probe_Kappa`` and ``probe_mIoU`` of the pixels of ``val``, after a classifier has
    learnt from those of ``train``, before the first iteration and at every interval. The pixels
    stay the same. Training goes on as if there were no probe, bit for bit. With several processes
    the first one works and the others wait. What the numbers mean: docs/probe.md.

    The images of both sets stay in memory: give some dozens of tiles, not thousands.

    Args:
        train: Config of a dataset of mmseg or this package, such as ``FolderSegDataset``. Its
            ``pipeline`` may be left out; else it ends with ``mmseg.PackSegInputs``.
        val: The same for the pixels to score.
        interval: Epochs from one probe to the next.
        by_epoch: False for an interval in iterations.
        pixels: Labelled pixels per image, at most.
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
        self.sets: dict[str, list[LabelledPixels]] = {}
        self.classes: list[str] = []

    def before_train(self, runner: Runner) -> None:
        """Read both sets, and score the network as it is."""
        self._on_first_process(runner, runner.iter)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Score the network, if the interval counts iterations."""
        if not self.by_epoch and self.every_n_train_iters(runner, self.interval):
            self._on_first_process(runner, runner.iter + 1)

    def after_train_epoch(self, runner: Runner) -> None:
        """Score the network, if the interval counts epochs."""
        if self.by_epoch and self.every_n_epochs(runner, self.interval):
            self._on_first_process(runner, runner.iter)

    def _on_first_process(self, runner: Runner, iteration: int) -> None:
        """Probe on the first process while the others wait; an error ends all of them."""
        failure: Exception | None = None
        if is_main_process():
            try:
                self._probe(runner, iteration)
            except Exception as error:  # whatever it is, the others must not wait for ever
                failure = error
        texts = [None if failure is None else error_message(failure)]
        broadcast_object_list(texts)
        if failure is not None:
            raise failure
        if texts[0] is not None:
            raise DataError(f'the probe failed in the first process: {texts[0]}')

    def _probe(self, runner: Runner, iteration: int) -> None:
        """Score the network and log the scores."""
        model, start = unwrap_model(runner), time.perf_counter()
        with preserve_training_state(model):
            if not self.sets:
                self._read_sets()
            features = PretrainFeatures(model)
            known = [
                array for part in self.sets.values() for array in self._extract(features, part)
            ]
            hist = self.classify(*known, num_classes=len(self.classes))
        scores = {f'probe_{name}': confusion_scores(hist)[name] for name in ('Kappa', 'mIoU')}
        for name, value in scores.items():
            runner.message_hub.update_scalar(name, value)
        # LoggerHook writes at intervals of its own, and may miss the last probe
        runner.visualizer.add_scalars(scores, step=iteration)
        text = ', '.join(f'{name}: {value:.4f}' for name, value in scores.items())
        seconds = time.perf_counter() - start
        runner.logger.info(f'probe at iteration {iteration}: {text} ({seconds:.1f} s)')

    def _read_sets(self) -> None:
        """Read the images and choose the pixels."""
        sets, classes, paths = {}, {}, {}
        for name, config in self.configs.items():
            # not serialised: an empty dataset can be built, and be refused
            dataset: Any = DATASETS.build(
                {'pipeline': PIPELINE, 'test_mode': True, 'serialize_data': False, **config}
            )
            if not len(dataset):
                raise DataError(f'the {name} set of the probe holds no image: {config}')
            classes[name] = list(dataset.metainfo['classes'])
            samples = [dataset[index] for index in range(len(dataset))]
            paths[name] = {sample['data_samples'].img_path for sample in samples}
            sets[name] = [choose_pixels(sample, self.pixels) for sample in samples]
            _require_two_classes(sets[name], classes[name], name)
        if classes['train'] != classes['val']:
            raise DataError(
                f'the sets of the probe differ in classes: {classes["train"]} for training, '
                f'{classes["val"]} for validation'
            )
        if both := sorted(paths['train'] & paths['val']):
            raise DataError(f'both sets of the probe hold {both[:3]}: list each image in one')
        self.sets, self.classes = sets, classes['train']

    @staticmethod
    def _extract(
        features: PretrainFeatures, part: list[LabelledPixels]
    ) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Features (N, F) and classes (N,) of the pixels of a set."""
        found = []
        for image, points, _ in part:
            x = normalise(features.model, image[None])
            found.append(features.at(x, points[None].to(x.device))[0].float().cpu())
        values = torch.cat(found)
        if not values.isfinite().all():
            raise NonFiniteError(
                'the features of the probe hold NaN or infinity: the network has diverged; lower '
                'the learning rate, or begin again from an earlier checkpoint'
            )
        return values.numpy(), np.concatenate([pixels.labels for pixels in part])


def choose_pixels(sample: dict[str, Any], count: int) -> LabelledPixels:
    """Choose pixels of an image that have a label, the same ones whenever it is read.

    Args:
        sample: What mmseg's ``PackSegInputs`` gives.
        count: Pixels, at most.

    Returns:
        The image and the pixels.
    """
    mask = sample['data_samples'].gt_sem_seg.data[0].numpy()
    seed = Path(sample['data_samples'].img_path).stem.encode()
    labelled = np.flatnonzero(mask != IGNORE)
    chosen = np.random.default_rng(list(seed)).permutation(labelled)[:count]
    y, x = np.unravel_index(chosen, mask.shape)
    points = torch.from_numpy(np.stack([x, y], 1))
    return LabelledPixels(sample['inputs'], points, mask[y, x].astype(np.int64))


def _require_two_classes(part: list[LabelledPixels], classes: list[str], name: str) -> None:
    """Refuse a set in which there is nothing to tell apart."""
    shown = np.unique(np.concatenate([pixels.labels for pixels in part])).tolist()
    if len(shown) < 2:
        raise DataError(
            f'the {name} set of the probe shows {len(shown)} class '
            f'{[classes[index] for index in shown]} of {classes}, in {len(part)} images: '
            'two or more are needed, label more images'
        )
