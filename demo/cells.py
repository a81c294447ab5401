"""The runs of the demo: pretraining, fine-tunes, probes. Finished ones are not repeated."""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import Runner, set_random_seed
from networks import FINETUNE, PRETRAIN, pretrain_config, segmentor_config
from torch import Tensor, nn

from glcnet_plugin.apis.checkpoint import load_pretrained
from glcnet_plugin.apis.features import PixelFeatures
from glcnet_plugin.datasets.descriptions import image_files
from glcnet_plugin.datasets.images import read_image
from glcnet_plugin.datasets.masks import read_mask
from glcnet_plugin.evaluation import confusion_scores, linear_probe

# Pixels per labelled set, per tile at most, and per held-out tile.
PROBE_PIXELS, TILE_PIXELS, VAL_PIXELS = 6400, 400, 100
SUMMARY = ('OA', 'AA', 'Kappa', 'mIoU', 'mF1')


class TickHook(Hook):
    """Report every training iteration.

    Args:
        tick: Called with (iterations done, iterations in all).
    """

    def __init__(self, tick: Callable[[int, int], None]) -> None:
        self.tick = tick

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Report."""
        self.tick(runner.iter + 1, runner.max_iters)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the hosts' start-up messages off the terminal; they are in the log files."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def run(cfg: Config, work_dir: Path, seed: int, tick: Callable[[int, int], None]) -> Runner:
    """Train a config to its end.

    Args:
        cfg: The config.
        work_dir: Folder of the run; its name makes the run's name unique.
        seed: Seed.
        tick: See :class:`TickHook`.

    Returns:
        The runner.
    """
    cfg.work_dir = str(work_dir)
    cfg.experiment_name = '_'.join(work_dir.parts[-3:])
    cfg.randomness = dict(seed=seed)
    cfg.log_level = 'WARNING'
    cfg.visualizer.name = cfg.experiment_name
    with quiet():
        runner = Runner.from_cfg(cfg)
        runner.register_hook(TickHook(tick))
        runner.train()
    return runner


def pretrain(tiles: Path, train_list: Path, work_dir: Path, num_steps: int,
             tick: Callable[[int, int], None], config: Path = PRETRAIN) -> Path:  # fmt: skip
    """Pretrain on the unlabelled pool for about ``num_steps`` steps.

    Returns:
        The checkpoint.
    """
    final = work_dir / 'pretrained.pth'
    if final.is_file():
        return final
    cfg = pretrain_config(tiles, config)
    cfg.train_dataloader.dataset.ann_file = str(train_list.resolve())
    per_epoch = len(train_list.read_text().split()) // cfg.train_dataloader.batch_size
    epochs = max(1, round(num_steps / max(1, per_epoch)))
    cfg.train_cfg.max_epochs = cfg.param_scheduler[0].T_max = epochs
    runner = run(cfg, work_dir, 0, tick)
    part = final.with_suffix('.part')
    torch.save({'state_dict': runner.model.state_dict()}, part)
    part.replace(final)
    return final


def finetune(tiles: Path, lists: dict[str, Path], checkpoint: Path | None, num_classes: int,
             work_dir: Path, seed: int, tick: Callable[[int, int], None],
             keep: Sequence[str] = (), scope: str = 'encoder',
             config: Path = FINETUNE) -> dict[str, Any]:  # fmt: skip
    """Fine-tune on labelled tiles and score the last state on held-out tiles.

    Args:
        tiles: Labelled folder of tiles.
        lists: Text files of the 'train' and 'val' tiles.
        checkpoint: Pretrained checkpoint, or None for random weights.
        num_classes: Number of classes.
        work_dir: Folder of the run.
        seed: Seed.
        tick: See :class:`TickHook`.
        keep: Names of tiles whose predictions are saved for the pictures.
        scope: Part of the checkpoint to load.
        config: Config of the fine-tuning.

    Returns:
        The scores.
    """
    result = work_dir / 'scores.json'
    if result.is_file():
        return dict(json.loads(result.read_text()))
    cfg = segmentor_config(tiles, num_classes, config)
    for part in ('train', 'val'):
        cfg[f'{part}_dataloader'].dataset.ann_file = str(lists[part].resolve())
    cfg.test_dataloader = cfg.val_dataloader
    cfg.val_evaluator = cfg.test_evaluator = dict(
        type='glcnet_plugin.RSSegMetric', output_dir=str(work_dir)
    )
    source = None if checkpoint is None else str(checkpoint)
    cfg.custom_hooks[0].update(checkpoint=source, scope=scope)
    cfg.default_hooks.checkpoint = None
    runner = run(cfg, work_dir, seed, tick)
    runner.model.eval()
    for name in keep:
        np.save(work_dir / f'{name}.npy', predict(runner.model, load_images(tiles, [name]))[0])
    with quiet():
        runner.val()
    return dict(json.loads(result.read_text()))


@cache
def image_paths(tiles: Path) -> dict[str, Path]:
    """Path of each tile by name; the folder is listed once."""
    return image_files(tiles / 'images')


def load_images(tiles: Path, names: Sequence[str]) -> Tensor:
    """Images of some tiles; (N, bands, H, W) float32."""
    images = np.stack([read_image(str(image_paths(tiles)[name])) for name in names])
    return torch.from_numpy(images).permute(0, 3, 1, 2).float()


@torch.no_grad()
def predict(model: nn.Module, images: Tensor) -> np.ndarray[Any, Any]:
    """Class ids (N, H, W) of raw images (N, bands, H, W)."""
    normalise = model.data_preprocessor
    logits = model.encode_decode((images - normalise.mean) / normalise.std, [
        {'img_shape': images.shape[-2:]}
    ])  # fmt: skip
    return logits.argmax(1).numpy().astype(np.uint8)


def frozen(
    tiles: Path, checkpoint: Path | None, num_classes: int, seed: int, unlabelled: Tensor
) -> Any:
    """A frozen network with its statistics estimated on unlabelled tiles.

    Args:
        tiles: Labelled folder of tiles.
        checkpoint: Pretrained checkpoint, or None for random weights.
        num_classes: Number of classes.
        seed: Seed of random weights.
        unlabelled: (N, bands, H, W) raw images.

    Returns:
        A function from raw images (B, bands, H, W) and points (B, P, 2) to features.
    """
    cfg = segmentor_config(tiles, num_classes)
    set_random_seed(seed)
    with DefaultScope.overwrite_default_scope('mmseg'), quiet():
        model = MODELS.build(cfg.model)
        model.init_weights()
    if checkpoint is not None:
        load_pretrained(model, str(checkpoint), 'encoder')
    normalise = model.data_preprocessor
    features = PixelFeatures(model)
    features.calibrate((unlabelled - normalise.mean).div(normalise.std).split(16))
    return lambda x, points: features.at((x - normalise.mean) / normalise.std, points)


def pixel_samples(tiles: Path, names: Sequence[str], extract: Any,
                  count: int, tick: Callable[[int, int], None],
                  ) -> dict[str, tuple[Any, Any]]:  # fmt: skip
    """Features and classes of some pixels of each tile, the same pixels for every network.

    Args:
        tiles: Labelled folder of tiles.
        names: Names of the tiles.
        extract: See :func:`frozen`.
        count: Pixels per tile.
        tick: See :class:`TickHook`.

    Returns:
        Per name, features (count, F) and class ids (count,).
    """
    samples = {}
    for index, name in enumerate(names):
        rng = np.random.default_rng(list(name.encode()))
        mask = read_mask(tiles / 'masks' / f'{name}.png')
        y, x = (rng.integers(0, side, count) for side in mask.shape)
        points = torch.from_numpy(np.stack([x, y], 1))[None]
        samples[name] = extract(load_images(tiles, [name]), points)[0].numpy(), mask[y, x]
        tick(index + 1, len(names))
    return samples


def probe(samples: dict[str, tuple[Any, Any]], train: Sequence[str], val: Sequence[str],
          num_classes: int, num_features: int | None = None) -> dict[str, Any]:  # fmt: skip
    """Logistic regression on frozen pixel features.

    Args:
        samples: See :func:`pixel_samples`.
        train: Names of the labelled tiles; few tiles give more pixels each.
        val: Names of the held-out tiles.
        num_classes: Number of classes.
        num_features: Use the last so many features only; None for all.

    Returns:
        The scores.
    """
    parts = []
    for names, most in ((train, max(1, PROBE_PIXELS // len(train))), (val, VAL_PIXELS)):
        columns = slice(None if num_features is None else -num_features, None)
        features = np.concatenate([samples[name][0][:most, columns] for name in names])
        parts += [features, np.concatenate([samples[name][1][:most] for name in names])]
    known = parts[1] != 255
    hist = linear_probe(parts[0][known], parts[1][known], parts[2], parts[3], num_classes)
    scores = confusion_scores(hist)
    return {name: scores[name] for name in SUMMARY}
