"""The parts of gpu_suite.py that load data: views, loader, and the waiting of a real training."""

import statistics
import time
from pathlib import Path
from typing import Any

import cv2
from loader import pairs_per_second
from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope
from mmengine.runner import Runner
from training_step import Case

from glcnet_plugin.engine.cpu_launch import prepare_cpu


def loader_config(case: Case, tiles: Path, workers: int, batch: int) -> dict[str, Any]:
    """The shipped loader of a case for a folder of tiles, with endless batches."""
    cfg: dict[str, Any] = case.config().train_dataloader
    cfg['dataset']['data_root'] = str(tiles)
    cfg['sampler'] = {'type': 'InfiniteSampler', 'shuffle': True}
    cfg.update(batch_size=batch, num_workers=workers, persistent_workers=workers > 0)
    return cfg


def view_seconds(case: Case, tiles: Path, pairs: int) -> dict[str, float]:
    """Seconds per pair of views in one thread.

    Args:
        case: What is trained.
        tiles: Folder of images.
        pairs: How many to time.

    Returns:
        ``decode`` of a tile, and ``views`` with everything after it: medians.
    """
    cv2.setNumThreads(0)
    cfg = loader_config(case, tiles, 0, 1)['dataset']
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        dataset = DATASETS.build(cfg)
    decode, *rest = dataset.pipeline.transforms
    times: dict[str, list[float]] = {'decode': [], 'views': []}
    for index in range(pairs):
        sample = dataset.get_data_info(index % len(dataset))
        start = time.perf_counter()
        sample = decode(sample)
        middle = time.perf_counter()
        for transform in rest:
            sample = transform(sample)
        times['decode'].append(middle - start)
        times['views'].append(time.perf_counter() - middle)
    return {name: statistics.median(values) for name, values in times.items()}


def samples_per_second(case: Case, tiles: Path, workers: int, batch: int) -> dict[str, float]:
    """Speed of the shipped loader, tile file to batch, when nobody is slower than it.

    Args:
        case: What is trained.
        tiles: Folder of images.
        workers: Processes; 0 for this one.
        batch: Pairs per batch.

    Returns:
        ``pairs_per_second``.
    """
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        loader = Runner.build_dataloader(loader_config(case, tiles, workers, batch))
    return {'pairs_per_second': pairs_per_second(loader, 4 + 4 * workers)}


def training_config(case: Case, tiles: Path, workers: int, batch: int, work_dir: Path) -> Config:
    """The shipped config of a case as a training of a few steps, without files of weights."""
    cfg = case.config()
    cfg.train_dataloader = loader_config(case, tiles, workers, batch)
    cfg.param_scheduler = []
    cfg.log_processor = {'by_epoch': False}
    for name in ('checkpoint', 'pretrain_visualization', 'provenance', 'pretrained'):
        cfg.default_hooks.pop(name)
    cfg.work_dir = str(work_dir)
    cfg.visualizer = {'type': 'Visualizer'}
    cfg.log_level = 'ERROR'
    return cfg


def waiting(
    case: Case, tiles: Path, workers: int, batch: int, steps: int, work_dir: Path
) -> dict[str, float]:
    """Train for some steps as mmengine does, with the shipped hooks.

    Args:
        case: What is trained.
        tiles: Folder of images.
        workers: Processes of the loader.
        batch: Pairs per batch.
        steps: Number of steps.
        work_dir: Folder of the run.

    Returns:
        ``step_seconds`` and ``data_seconds`` per step, the time that it waited for data:
        medians of the later half; and ``data_share``, the share of their sums.
    """
    cfg = training_config(case, tiles, workers, batch, work_dir)
    cfg.train_cfg = {'type': 'IterBasedTrainLoop', 'max_iters': steps}
    prepare_cpu(cfg)
    runner = Runner.from_cfg(cfg)
    runner.train()
    scalars = [runner.message_hub.get_scalar(f'train/{name}') for name in ('time', 'data_time')]
    total, data = ([float(x) for x in s.data[0][steps // 2 :]] for s in scalars)
    return {
        'step_seconds': statistics.median(total),
        'data_seconds': statistics.median(data),
        'data_share': sum(data) / sum(total),
    }
