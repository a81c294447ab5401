"""The runs of the demo: pretraining, fine-tunes, probes. Finished ones are not repeated."""

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import MODELS, DefaultScope, init_default_scope
from mmengine.runner import Runner, set_random_seed
from torch import Tensor, nn

from glcnet_plugin.apis.checkpoint import load_pretrained
from glcnet_plugin.apis.features import PixelFeatures
from glcnet_plugin.datasets.transforms.loading import read_image
from glcnet_plugin.evaluation import confusion_scores, linear_probe

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
PRETRAIN = CONFIGS / 'glcnet/glcnet_resnet18w16-deeplabv3plus_1xb32-adam-coslr-30e_demo.py'
FINETUNE = CONFIGS / 'downstream/deeplabv3plus_resnet18w16_1xb8-adam-200i_demo.py'
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
    logging.disable(logging.INFO)
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


def pretrain(tiles: Path, train_list: Path, work_dir: Path, epochs: int,
             tick: Callable[[int, int], None]) -> Path:  # fmt: skip
    """Pretrain GLCNet on the unlabelled pool.

    Returns:
        The checkpoint.
    """
    final = work_dir / 'glcnet.pth'
    if final.is_file():
        return final
    cfg = Config.fromfile(PRETRAIN)
    cfg.train_dataloader.dataset.update(
        data_root=str(tiles / 'images'), ann_file=str(train_list.resolve())
    )
    cfg.train_cfg.max_epochs = cfg.param_scheduler[0].T_max = epochs
    runner = run(cfg, work_dir, 0, tick)
    part = final.with_suffix('.part')
    torch.save({'state_dict': runner.model.state_dict()}, part)
    part.replace(final)
    return final


def segmentor_config(num_classes: int) -> Config:
    """Config of the fine-tunes for a number of classes."""
    cfg = Config.fromfile(FINETUNE)
    cfg.model.decode_head.num_classes = num_classes
    return cfg


def finetune(tiles: Path, lists: dict[str, Path], checkpoint: Path | None, num_classes: int,
             work_dir: Path, seed: int, tick: Callable[[int, int], None],
             keep: Sequence[str] = ()) -> dict[str, Any]:  # fmt: skip
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

    Returns:
        The scores.
    """
    result = work_dir / 'scores.json'
    if result.is_file():
        return dict(json.loads(result.read_text()))
    cfg = segmentor_config(num_classes)
    for part in ('train', 'val'):
        dataset = cfg[f'{part}_dataloader'].dataset
        dataset.update(data_root=str(tiles), ann_file=str(lists[part].resolve()))
    cfg.test_dataloader = cfg.val_dataloader
    cfg.val_evaluator = cfg.test_evaluator = dict(
        type='glcnet_plugin.RSSegMetric', output_dir=str(work_dir)
    )
    cfg.custom_hooks[0].checkpoint = None if checkpoint is None else str(checkpoint)
    cfg.default_hooks.checkpoint = None
    runner = run(cfg, work_dir, seed, tick)
    runner.model.eval()
    for name in keep:
        np.save(work_dir / f'{name}.npy', predict(runner.model, load_images(tiles, [name]))[0])
    with quiet():
        runner.val()
    return dict(json.loads(result.read_text()))


def load_images(tiles: Path, names: Sequence[str]) -> Tensor:
    """Images of some tiles; (N, bands, H, W) float32."""
    paths = {path.stem: path for path in (tiles / 'images').iterdir()}
    images = np.stack([read_image(str(paths[name])) for name in names])
    return torch.from_numpy(images).permute(0, 3, 1, 2).float()


@torch.no_grad()
def predict(model: nn.Module, images: Tensor) -> np.ndarray[Any, Any]:
    """Class ids (N, H, W) of raw images (N, bands, H, W)."""
    normalise = model.data_preprocessor
    logits = model.encode_decode((images - normalise.mean) / normalise.std, [
        {'img_shape': images.shape[-2:]}
    ])  # fmt: skip
    return logits.argmax(1).numpy().astype(np.uint8)


def frozen(checkpoint: Path | None, num_classes: int, seed: int, unlabelled: Tensor) -> Any:
    """A frozen network with its statistics estimated on unlabelled tiles.

    Args:
        checkpoint: Pretrained checkpoint, or None for random weights.
        num_classes: Number of classes.
        seed: Seed of random weights.
        unlabelled: (N, bands, H, W) raw images.

    Returns:
        A function from raw images (B, bands, H, W) and points (B, P, 2) to features.
    """
    cfg = segmentor_config(num_classes)
    init_default_scope('mmseg')
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


def probe(tiles: Path, names: dict[str, list[str]], extract: Any, num_classes: int, seed: int,
          masks: Callable[[str], np.ndarray[Any, Any]]) -> dict[str, Any]:  # fmt: skip
    """Logistic regression on frozen pixel features.

    Args:
        tiles: Labelled folder of tiles.
        names: Names of the labelled ('train') and the held-out ('val') tiles.
        extract: See :func:`frozen`.
        num_classes: Number of classes.
        seed: Seed of the draw of pixels.
        masks: Function from a name to class ids (H, W).

    Returns:
        The scores.
    """
    rng = np.random.default_rng(seed)
    drawn = {}
    for part, count in (('train', 6400), ('val', 8000)):
        values, ids = [], []
        each = max(1, count // len(names[part]))
        for name in names[part]:
            mask = masks(name)
            y, x = (rng.integers(0, side, each) for side in mask.shape)
            points = torch.from_numpy(np.stack([x, y], 1))[None]
            values.append(extract(load_images(tiles, [name]), points)[0].numpy())
            ids.append(mask[y, x])
        drawn[part] = np.concatenate(values), np.concatenate(ids)
    (train_x, train_y), (val_x, val_y) = drawn['train'], drawn['val']
    known = train_y != 255
    scores = confusion_scores(
        linear_probe(train_x[known], train_y[known], val_x, val_y, num_classes)
    )
    return {name: scores[name] for name in SUMMARY}
