"""How many steps a pretraining makes in the minutes that a study gives it."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.runner import Runner

from glcnet_plugin.utils.atomic_io import write_atomic

BUDGET = 'budget.json'
WARM_UP, TIMED = 10, 20  # steps
Train = Callable[[Config, Path], Runner]


def steps_within(minutes: float, cfg: Config, folder: Path, train: Train) -> dict[str, Any]:
    """Steps that fit into some minutes on this machine.

    Some steps are timed before the pretraining, once: a resumed one reads the file that they
    are written to.

    Args:
        minutes: The minutes.
        cfg: Config of the pretraining.
        folder: Folder of the pretraining.
        train: Trains a config in a folder.

    Returns:
        ``steps``, at least 1, and ``seconds_per_step``.
    """
    path = folder / BUDGET
    if not path.is_file():
        seconds = seconds_per_step(cfg, folder / 'timing', train)
        steps = max(1, round(60 * minutes / seconds))
        write_atomic(path, json.dumps({'steps': steps, 'seconds_per_step': seconds}))
    budget: dict[str, Any] = json.loads(path.read_text(encoding='utf-8'))
    return budget


def seconds_per_step(cfg: Config, folder: Path, train: Train) -> float:
    """Mean time of a step, the waiting for data included.

    Args:
        cfg: Config of a pretraining.
        folder: A folder for the time of the measurement.
        train: Trains a config in a folder.

    Returns:
        Seconds.
    """
    cfg = copy.deepcopy(cfg)
    cfg.train_cfg = {'type': 'IterBasedTrainLoop', 'max_iters': WARM_UP + TIMED}
    cfg.param_scheduler = []
    cfg.log_processor = {'by_epoch': False}
    for name in ('checkpoint', 'pretrain_visualization'):
        cfg.default_hooks.pop(name, None)
    shutil.rmtree(folder, ignore_errors=True)  # of an attempt that was stopped
    times = train(cfg, folder).message_hub.get_scalar('train/time').data[0][WARM_UP:]
    shutil.rmtree(folder)
    return float(times.mean())
