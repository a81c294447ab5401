"""Checks before the first step of a run."""

import errno
import os
from pathlib import Path
from typing import Any

from mmengine.dataset import InfiniteSampler
from mmengine.dist import get_world_size
from mmengine.runner import Runner

from glcnet_plugin.engine.utils import unwrap_model
from glcnet_plugin.errors import ConfigError, DataError, StorageError


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
