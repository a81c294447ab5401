"""Run without a GPU, single- and multi-process."""

import gc
import os
import subprocess
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch.distributed
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.dist import get_rank, get_world_size
from mmengine.logging import print_log

from glcnet_plugin.engine.run_config import find_hooks
from glcnet_plugin.errors import ConfigError

VARIABLES = ('RANK', 'WORLD_SIZE', 'MASTER_ADDR', 'MASTER_PORT')
WRAPPER = 'MMDistributedDataParallel'
SYNC_HOOK = 'mmengine.SyncBuffersHook'
AMP = 'AmpOptimWrapper'
OF_AMP = ('type', 'loss_scale', 'dtype', 'use_fsdp')  # which OptimWrapper does not know


def prepare_cpu(cfg: Config) -> None:
    """Make a config run without a GPU; call it before the runner is built.

    Mixed precision becomes full precision, since mmengine's ``AmpOptimWrapper`` needs a GPU.

    With a launcher: mmengine's ``Runner`` starts the process group on GPUs only and keeps one that
    exists, so it is started here, with gloo. Its default wrapper of the model needs a GPU per
    process, so ``model_wrapper_cfg`` is set. ``SyncBN`` exists on GPUs only: it becomes
    ``BN``, with batch statistics per process, and running statistics that are averaged over the
    processes after every epoch and before validation.

    With a GPU nothing changes.

    Args:
        cfg: Config of a run; changed in place.

    Raises:
        ConfigError: If the launcher is neither ``pytorch`` nor ``slurm``, or its variables are
            not set.
    """
    if get_device() != 'cpu':
        return
    notes = []
    if cfg.get('optim_wrapper', {}).get('type') == AMP:
        cfg.optim_wrapper = {
            key: value for key, value in cfg.optim_wrapper.items() if key not in OF_AMP
        } | {'type': 'OptimWrapper'}
        notes.append('mixed precision needs a GPU, full precision is used instead')
    if cfg.get('launcher', 'none') != 'none':
        _check_launch(cfg.launcher)
        notes += _connect(cfg)
    if notes and get_rank() == 0:
        print_log(f'No GPU: {"; ".join(notes)}')


@contextmanager
def leave_group_on_exit() -> Iterator[None]:
    """Leave the process group, if there is one, when a program ends normally.

    The threads of gloo can abort a process (SIGABRT) that ends soon after a collective and has
    not left its group: a launcher then reports a finished training as failed.

    The block must call a function that owns the runner, not own it, see :func:`leave_group`.

    After an error the group is kept: other processes may be waiting in a collective, and leaving
    could wait for them.
    """
    try:
        yield
    except SystemExit as stopped:  # a training that was stopped by a signal
        traceback.clear_frames(stopped.__traceback__)
        leave_group()
        raise
    leave_group()


def leave_group() -> None:
    """Leave the process group, if there is one.

    Whoever drops the group holds the GIL while waiting for the threads of gloo, which wait for the
    GIL where they release a tensor: both wait forever. This was seen with torch 2.1 right after a
    broadcast, and with 2.11 where the reducer of a wrapper was the last to hold the group. So the
    wrapper goes first, if nobody else refers to it, then the threads get time to release theirs.
    """
    if torch.distributed.is_initialized():
        gc.collect()  # runner and hooks refer to each other
        time.sleep(0.5)
        torch.distributed.destroy_process_group()


def _connect(cfg: Config) -> list[str]:
    """Set up processes on the CPU; returns notes for the log."""
    wrapper = cfg.get('model_wrapper_cfg') or {
        'type': WRAPPER,
        'broadcast_buffers': False,  # as the runner's own default
        'find_unused_parameters': cfg.get('find_unused_parameters', False),
    }
    cfg.model_wrapper_cfg = {'device_ids': None, **wrapper}
    replaced = replace_sync_bn(cfg.model)
    synced = cfg.get('sync_bn') is not None or replaced > 0
    cfg.sync_bn = None
    if synced and not find_hooks(cfg, 'SyncBuffersHook'):
        cfg.custom_hooks = [*(cfg.get('custom_hooks') or []), {'type': SYNC_HOOK}]
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group('gloo')
    notes = [f'{get_world_size()} processes on the CPU, connected by gloo']
    return notes + ['SyncBN needs GPUs, BN is used instead'] * synced


def replace_sync_bn(settings: Any) -> int:
    """Turn every ``SyncBN`` of nested settings into ``BN``, in place.

    Args:
        settings: Dicts, lists and values, as in a config.

    Returns:
        The number of replacements.
    """
    if isinstance(settings, list | tuple):
        return sum(replace_sync_bn(item) for item in settings)
    if not isinstance(settings, dict):
        return 0
    count = sum(replace_sync_bn(item) for item in settings.values())
    # 'SyncBN', 'mmengine.SyncBN' and mmcv's own 'MMSyncBN'
    if isinstance(settings.get('type'), str) and settings['type'].endswith('SyncBN'):
        settings['type'] = 'BN'
        count += 1
    return count


def _check_launch(launcher: str) -> None:
    """Check that the processes can find each other."""
    example = 'tools/dist_train.sh CONFIG 2'
    if launcher not in ('pytorch', 'slurm'):
        raise ConfigError(
            f"launcher '{launcher}' needs GPUs; without one, start it with: {example}"
        )
    if launcher == 'slurm':
        os.environ.update(slurm_variables())
    missing = [name for name in VARIABLES if name not in os.environ]
    if missing:
        raise ConfigError(
            f'launcher {launcher}, but {", ".join(missing)} not set in the environment; '
            f'start it with: {example if launcher == "pytorch" else "tools/slurm_train.sh"}'
        )


def slurm_variables() -> dict[str, str]:
    """The variables that torch reads, from those that slurm sets for a task.

    Returns:
        ``RANK``, ``WORLD_SIZE`` and ``LOCAL_RANK``, and ``MASTER_ADDR``, the first machine of the
        job, where it is not set yet; nothing outside of a job.
    """
    names = {
        'SLURM_PROCID': 'RANK', 'SLURM_NTASKS': 'WORLD_SIZE', 'SLURM_LOCALID': 'LOCAL_RANK',
    }  # fmt: skip
    variables = {ours: os.environ[name] for name, ours in names.items() if name in os.environ}
    if 'SLURM_NODELIST' in os.environ and 'MASTER_ADDR' not in os.environ:
        command = ['scontrol', 'show', 'hostnames', os.environ['SLURM_NODELIST']]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        variables['MASTER_ADDR'] = done.stdout.split()[0]
    return variables
