"""Runs of a study: pretraining, and fine-tuning with scoring."""

import json
import logging
import platform
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.logging import MMLogger
from mmengine.runner import Runner
from PIL import Image

from glcnet_plugin.checkpoints.latest import latest_checkpoint
from glcnet_plugin.compat import TESTED, installed_version
from glcnet_plugin.engine.hooks.provenance import data_fingerprint, git_hash
from glcnet_plugin.engine.preflight import check_batches
from glcnet_plugin.study.configs import finetune_config, one_thread, pretrain_config
from glcnet_plugin.study.plan import Cell, inputs_of
from glcnet_plugin.study.run.probing import SCORES, probe_weights
from glcnet_plugin.study.settings import Study
from glcnet_plugin.study.tiles import Tiles, write_lists
from glcnet_plugin.utils.atomic_io import write_atomic

RESULT = 'metrics.json'
WEIGHTS = 'weights.pth'
BEGUN = 'inputs.json'
MOSAIC = 6  # held-out tiles whose predictions are kept
Found = dict[str, Any]


def run_cell(study: Study, tiles: Tiles, folder: Path, cell: Cell) -> Found:
    """Run a cell, and write ``metrics.json`` into its folder when it is done.

    Args:
        study: The study.
        tiles: Its tiles.
        folder: Folder of the study.
        cell: The cell; what it needs is done.

    Returns:
        What is written: inputs, results, seconds, versions.
    """
    if not torch.cuda.is_available():
        one_thread()
    place, inputs = folder / cell.name, inputs_of(cell, study, tiles)
    begin(place, inputs, keep=cell.kind == 'pretrain')
    lists = write_lists(tiles, folder / 'lists')
    start = time.time()
    with (
        (place / 'log.txt').open('a', encoding='utf-8') as log,
        redirect_stdout(log),
        redirect_stderr(log),
    ):
        try:
            found = KINDS[cell.kind](study, tiles, lists, cell, folder)
        finally:
            close_logs()
    result = {
        'cell': cell.name,
        'inputs': inputs,
        **found,
        'seconds': round(time.time() - start, 1),
        **provenance(),
    }
    write_atomic(place / RESULT, json.dumps(result, indent=1) + '\n')  # only when it is done
    for name in [*place.glob('*.pth'), place / 'last_checkpoint']:
        if name.name != WEIGHTS:
            name.unlink(missing_ok=True)  # of no use from here on
    return result


def close_logs() -> None:
    """Take from the loggers of runs the files that they write to, which are about to be closed."""
    for logger in MMLogger._instance_dict.values():
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            if isinstance(handler, logging.FileHandler):
                handler.close()


def provenance() -> Found:
    """Versions, code and machine."""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else 'no GPU'
    names = [*TESTED, 'torch', 'numpy', 'sklearn']
    return {
        'versions': {
            'python': platform.python_version(),
            **{name: installed_version(name) for name in dict.fromkeys(names)},
        },
        'git_hash': git_hash(),
        'machine': f'{platform.machine()}, {platform.system()}, {gpu}',
    }


def train(cfg: Config, place: Path, seed: int) -> Runner:
    """Train a config in a folder; one that was begun there goes on.

    Args:
        cfg: The config.
        place: Its folder.
        seed: Its seed.

    Returns:
        The runner, at the end.
    """
    cfg.work_dir = str(place)
    cfg.experiment_name = '_'.join(place.resolve().parts[1:])  # no other in this process
    cfg.randomness = {'seed': seed}
    cfg.visualizer.name = cfg.experiment_name
    cfg.resume = latest_checkpoint(place) != (None, [])
    runner = Runner.from_cfg(cfg)
    check_batches(runner)
    runner.train()
    return runner


def pretrain(study: Study, tiles: Tiles, lists: dict[str, Path], cell: Cell, folder: Path) -> Found:
    """Pretrain; leaves ``weights.pth`` and the config in the folder of the cell."""
    place = folder / cell.name
    cfg = pretrain_config(study, study.methods[cell.method], tiles, lists['train'])
    cfg.dump(place / 'config.py')
    (place / WEIGHTS).unlink(missing_ok=True)  # of a run that was stopped at its very end
    start, resumed = time.time(), latest_checkpoint(place)[0] is not None
    runner = train(cfg, place, cell.seed)
    torch.save({'state_dict': runner.model.state_dict()}, place / f'{WEIGHTS}.part')
    (place / f'{WEIGHTS}.part').replace(place / WEIGHTS)
    scalars = runner.message_hub.log_scalars
    return {
        'images': len(runner.train_dataloader.dataset),
        'epochs': cfg.train_cfg.max_epochs,
        'steps': runner.iter,
        'training_seconds': round(time.time() - start, 1),
        'resumed': resumed,  # then the seconds are those since
        'data': data_fingerprint(runner.train_dataloader.dataset),
        'last': {
            key.removeprefix('train/'): float(value.mean(10))
            for key, value in scalars.items()
            if key.startswith(('train/loss', 'train/chance', 'train/health'))
        },
    }


def probe(study: Study, tiles: Tiles, lists: dict[str, Path], cell: Cell, folder: Path) -> Found:
    """Classify pixels by frozen features, with every list of labelled tiles."""
    weights = weights_of(study, cell, folder)
    return {'rows': probe_weights(study, tiles, lists, cell, weights, folder)}


def finetune(study: Study, tiles: Tiles, lists: dict[str, Path], cell: Cell, folder: Path) -> Found:
    """Fine-tune on labelled tiles, and score the last weights on the held-out ones."""
    place = folder / cell.name
    method = study.methods[cell.method]
    chosen = {'train': lists[f'{cell.labels}_{cell.seed}'], 'val': lists['val']}
    cfg = finetune_config(study, method, tiles, chosen)
    weights = weights_of(study, cell, folder)
    loading = next(h for h in cfg.custom_hooks if h['type'] == 'glcnet_plugin.LoadPretrainedHook')
    loading.update(checkpoint=None if weights is None else str(weights), scope=method.scope)
    cfg.test_evaluator = {'type': 'glcnet_plugin.RSSegMetric', 'output_dir': str(place)}
    cfg.dump(place / 'config.py')
    runner = train(cfg, place, cell.seed)
    runner.test()
    if cell.seed == study.seeds[0]:
        keep_predictions(runner, tiles.val[:MOSAIC], place / 'predictions')
    scores = json.loads((place / 'scores.json').read_text(encoding='utf-8'))
    return {
        'scores': {name: scores[name] for name in SCORES},
        'hist': scores['confusion_matrix'],
        'steps': runner.iter,
        'data': data_fingerprint(runner.train_dataloader.dataset),
    }


KINDS: dict[str, Callable[..., Found]] = {
    'pretrain': pretrain, 'probe': probe, 'finetune': finetune,
}  # fmt: skip


def weights_of(study: Study, cell: Cell, folder: Path) -> Path | str | None:
    """Weights that a cell begins with; None for random ones."""
    if cell.needs is not None:
        return folder / cell.needs / WEIGHTS
    return study.methods[cell.method].checkpoint


def keep_predictions(runner: Runner, names: Sequence[str], folder: Path) -> None:
    """Save class ids of some held-out tiles as PNG, for the pictures of the report."""
    model, dataset = runner.model.eval(), runner.test_dataloader.dataset
    folder.mkdir(exist_ok=True)
    for index in range(len(dataset)):
        name = Path(dataset.get_data_info(index)['img_path']).stem
        if name in names:
            with torch.no_grad():
                sample = model.test_step(pseudo_collate([dataset[index]]))[0]
            mask = sample.pred_sem_seg.data[0].cpu().numpy().astype(np.uint8)
            Image.fromarray(mask).save(folder / f'{name}.png')


def begin(place: Path, inputs: Found, keep: bool) -> None:
    """Prepare the folder of a cell.

    Args:
        place: The folder. What an earlier try left is removed.
        inputs: What the result will depend on.
        keep: Whether an earlier try of the same inputs goes on instead.
    """
    note, text = place / BEGUN, json.dumps(inputs, sort_keys=True)
    same = note.is_file() and note.read_text(encoding='utf-8') == text
    if place.is_dir() and not (keep and same):
        shutil.rmtree(place)
    place.mkdir(parents=True, exist_ok=True)
    note.write_text(text, encoding='utf-8')
