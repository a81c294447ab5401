"""Checks before the first step of a run."""

import errno
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.dataset import InfiniteSampler
from mmengine.dist import get_world_size
from mmengine.hooks import CheckpointHook
from mmengine.logging import print_log
from mmengine.runner import Runner
from mmseg.models.segmentors import BaseSegmentor
from torch import nn

from glcnet_plugin.datasets.io.headers import image_size
from glcnet_plugin.engine.utils import unwrap_model
from glcnet_plugin.errors import ConfigError, DataError, StorageError
from glcnet_plugin.evaluation.confusion import SUMMARY
from glcnet_plugin.evaluation.metric import RSSegMetric
from glcnet_plugin.models.selfsup.momentum_glcnet import MomentumGLCNet

# Networks through which a batch passes as it is; GLCNet passes both views at once, twice as many.
ONE_PASS = (BaseSegmentor, MomentumGLCNet)
# Steps of a pipeline after which images have the size that their file has.
KEEP_SIZE = ('Load', 'Pack', 'Normalize')


def check_work_dir(folder: str | Path) -> None:
    """Check that a folder can be written; create it if missing.

    Args:
        folder: Folder of logs and checkpoints.

    Raises:
        StorageError: If it cannot be written.
    """
    probe = Path(folder) / f'.writable_{os.getpid()}'
    try:
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink(missing_ok=True)  # a process of that number on another machine may be first
    except OSError as error:
        reason = 'a file is in its place' if error.errno == errno.EEXIST else error.strerror
        raise StorageError(
            f'the work dir {folder} cannot be written ({reason}): name another with --work-dir'
        ) from error


def check_batches(runner: Runner) -> None:
    """Check that data, batch size, processes and queue of a training fit each other.

    Args:
        runner: The run; its data loader is built, which ``train`` would do next.

    Raises:
        DataError: If the images do not fill one batch.
        ConfigError: If the queue of a model of mmpretrain is no multiple of the batch.
    """
    loader, processes = runner.train_dataloader, get_world_size()
    images, batch = len(loader.dataset), loader.batch_size
    if batch is None:
        return
    endless = isinstance(loader.batch_sampler.sampler, InfiniteSampler)  # fills any batch
    if images < processes or (len(loader) == 0 and not endless):
        raise DataError(
            f'{images} images do not fill a batch: train_dataloader.batch_size {batch} on '
            f'{processes} process{"es" * (processes > 1)} needs {batch * processes}. Use a '
            'smaller batch size or fewer processes; if there should be more images, check '
            'train_dataloader.dataset'
        )
    queue: Any = getattr(unwrap_model(runner), 'queue_len', None)
    if queue is not None and queue % (batch * processes):
        raise ConfigError(
            f'model.queue_len {queue} is no multiple of {batch * processes}, batch size x '
            f'processes: use {round(queue / batch / processes + 0.5) * batch * processes}'
        )


def check_training(runner: Runner) -> None:
    """Check before its first step what would end a training later, or make no sense of it.

    Args:
        runner: The run; its data loader and loop are built, which ``train`` would do next.

    Raises:
        DataError: If the images do not fill one batch.
        ConfigError: If there are no steps, batch and queue do not fit, a batch norm gets one value
            per channel, a schedule begins after its end, ``save_best`` names no score, or windows
            leave gaps.
    """
    check_batches(runner)
    loop: Any = runner.train_loop
    for key in ('max_epochs', 'max_iters', 'val_interval'):
        if (value := getattr(loop, key, 1)) < 1:
            raise ConfigError(f'train_cfg.{key} is {value}: set it to 1 or more')
    check_schedules(runner)
    check_batch_norm(runner)
    check_save_best(runner)
    check_windows(runner)


def check_schedules(runner: Runner) -> None:
    """Refuse schedules that begin after their end, as after a warm-up longer than the training."""
    given: Any = runner.param_schedulers or []
    parts = list(given.values()) if isinstance(given, dict) and 'type' not in given else [given]
    for one in [one for part in parts for one in (part if isinstance(part, list) else [part])]:
        if not isinstance(one, dict):
            continue
        by_epoch = one.get('by_epoch', True)
        begin = one.get('begin', 0)
        end = one.get('end', runner.max_epochs if by_epoch else runner.max_iters)
        if begin >= end:
            unit = 'epoch' if by_epoch else 'step'
            raise ConfigError(
                f'param_scheduler: {one["type"]} begins at {unit} {begin} and ends at {end}, by '
                'default with the training: train for longer (train_cfg), or set begin and end of '
                'the schedules'
            )


def check_batch_norm(runner: Runner) -> None:
    """Refuse batches of one image where a batch norm follows a pooling to one cell (ASPP, PPM)."""
    model, loader = unwrap_model(runner), runner.train_dataloader
    batch = loader.batch_size
    if batch is None or not isinstance(model, ONE_PASS):
        return
    name = next(_pooled_norms(model, get_world_size()), None)
    if name is None:
        return
    endless = isinstance(loader.batch_sampler.sampler, InfiniteSampler)
    last = len(loader.sampler) % batch
    if batch == 1:
        cause, remedy = 'is 1', 'set 2 or more per process'
    elif last == 1 and not (endless or loader.drop_last):
        cause = (
            f'is {batch}, so that the last batch of an epoch has 1 image of {len(loader.sampler)}'
        )
        remedy = 'set train_dataloader.drop_last=True or another batch size'
    else:
        return
    raise ConfigError(
        f'train_dataloader.batch_size {cause}: batch norm in {name} would get one value per '
        f'channel, from which it cannot learn; {remedy}'
    )


def _pooled_norms(model: nn.Module, processes: int) -> Iterator[str]:
    """Names of batch norms that get one value per image and channel."""
    for name, part in model.named_modules():
        if not isinstance(part, nn.Sequential) or not len(part):
            continue
        if getattr(part[0], 'output_size', None) not in (1, (1, 1)):
            continue
        for inner, module in part.named_modules():
            synced = isinstance(module, nn.SyncBatchNorm) and processes > 1
            if isinstance(module, nn.BatchNorm2d | nn.SyncBatchNorm) and not synced:
                yield f'{name}.{inner}'


def check_save_best(runner: Runner) -> None:
    """Refuse a name in ``save_best`` that no score has, where all scores are known in advance."""
    evaluator = getattr(runner.val_loop, 'evaluator', None)
    metrics = getattr(evaluator, 'metrics', [])
    names = {name for hook in runner.hooks if isinstance(hook, CheckpointHook)
             for name in hook.save_best or ()} - {'auto'}  # fmt: skip
    if names and evaluator is None:
        print_log(
            f'save_best={min(names)!r} has no effect without validation: set val_dataloader, '
            'val_cfg and val_evaluator',
            'current',
            logging.WARNING,
        )
        return
    if not names or not all(isinstance(metric, RSSegMetric) for metric in metrics):
        return
    known = [f'{metric.prefix}/{name}' for metric in metrics for name in SUMMARY]
    if unknown := names - {*known, *SUMMARY}:
        raise ConfigError(
            f'save_best={min(unknown)!r} is no score of the validation: choose one of '
            f'{", ".join(known)}'
        )


def check_windows(runner: Runner) -> None:
    """Refuse windows that overlap by less than nothing, or never move on."""
    cfg: Any = getattr(unwrap_model(runner), 'test_cfg', None) or {}
    if cfg.get('mode') != 'slide':
        return
    crop, stride = cfg.get('crop_size'), cfg.get('stride')
    if not crop or not stride or any(not 0 < s <= c for s, c in zip(stride, crop, strict=True)):
        raise ConfigError(
            f"model.test_cfg has mode='slide' with stride={stride} and crop_size={crop}: each "
            'stride must lie between 1 and the crop, 2/3 of it is usual'
        )


def score_singly_if_sizes_differ(loader: Any) -> None:
    """Let a data loader of a validation give images one by one, unless their sizes agree.

    MM stacks a batch, and stops at images of different sizes, often after the last epoch.

    Args:
        loader: Built data loader; the batch of its sampler becomes 1, which is logged.
    """
    sampler = getattr(loader, 'batch_sampler', None)
    if sampler is None or sampler.batch_size == 1:
        return
    first: tuple[int, int] | None = None
    for path in _unresized(loader.dataset):
        size = image_size(path)
        first = first or size
        if size != first:
            print_log(
                f'images are of different sizes ({first[0]}x{first[1]}, and {size[0]}x{size[1]} in '
                f'{path}): they are scored one by one, not in batches of {sampler.batch_size}',
                'current',
            )
            sampler.batch_size = 1
            return


def _unresized(dataset: Any) -> Iterator[str]:
    """Files of a dataset whose pipeline leaves their size as it is; others are left out."""
    parts = getattr(dataset, 'datasets', None)
    if parts is not None or hasattr(dataset, 'dataset'):
        for part in parts or [dataset.dataset]:
            yield from _unresized(part)
        return
    steps = getattr(getattr(dataset, 'pipeline', None), 'transforms', None)
    if not steps or not all(type(step).__name__.startswith(KEEP_SIZE) for step in steps):
        return
    for index in range(len(dataset)):
        path = dataset.get_data_info(index).get('img_path')
        if path is not None:
            yield path
