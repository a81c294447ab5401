"""Run one job of a study: a pretraining, a probe, or a fine-tuning with its scores."""

import json
import logging
import math
import shutil
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.runner import Runner
from PIL import Image

from glcnet_plugin.checkpoints.latest import latest_checkpoint
from glcnet_plugin.engine.mm_internals import loggers
from glcnet_plugin.engine.preflight import check_batches
from glcnet_plugin.engine.provenance import data_fingerprint, environment, image_paths
from glcnet_plugin.study.configs import finetune_config, one_thread, pretrain_config
from glcnet_plugin.study.context import RESULT, WEIGHTS, StudyContext
from glcnet_plugin.study.digests import file_digest
from glcnet_plugin.study.inputs import inputs_of
from glcnet_plugin.study.plan import Job
from glcnet_plugin.study.results import LOG
from glcnet_plugin.study.run.budget import steps_within
from glcnet_plugin.study.run.probing import SCORES, probe_weights
from glcnet_plugin.study.tiles import write_lists
from glcnet_plugin.utils.allocator import keep_freed_memory
from glcnet_plugin.utils.atomic_io import write_atomic

INPUTS = 'inputs.json'  # of a job that was started
SHOWN_TILES = 6  # held-out tiles whose predictions are kept
Result = dict[str, Any]


def run_job(context: StudyContext, job: Job) -> Result:
    """Run a job, and write ``metrics.json`` into its folder once it is finished.

    Args:
        context: The study.
        job: The job; the one it needs is finished.

    Returns:
        What is written: inputs, results, seconds, versions.
    """
    if not torch.cuda.is_available():
        one_thread()
        keep_freed_memory()
    folder, inputs = context.folder_of(job), inputs_of(job, context)
    prepare_folder(folder, inputs, keep=job.kind != 'probe')  # a training resumes
    write_lists(context.tiles, context.folder / 'lists')
    start = time.time()
    with (
        (folder / LOG).open('a', encoding='utf-8') as log,
        redirect_stdout(log),
        redirect_stderr(log),
    ):
        try:
            result = JOB_RUNNERS[job.kind](context, job)
        finally:
            close_logs()
    result = {
        'job': job.name,
        'inputs': inputs,
        **result,
        'seconds': round(time.time() - start, 1),
        **environment(),
    }
    write_atomic(folder / RESULT, json.dumps(result, indent=1) + '\n')
    for path in [*folder.glob('*.pth'), folder / 'last_checkpoint']:
        if path.name != WEIGHTS:
            path.unlink(missing_ok=True)  # only needed to resume
    return result


def close_logs() -> None:
    """Remove the handlers of all loggers, since the files they write to are about to be closed."""
    for logger in loggers():
        for handler in list(logger.handlers):
            logger.removeHandler(handler)
            if isinstance(handler, logging.FileHandler):
                handler.close()


def train(cfg: Config, folder: Path, seed: int) -> Runner:
    """Train a config in a folder; an interrupted training is resumed.

    Args:
        cfg: The config.
        folder: Its folder.
        seed: Its seed.

    Returns:
        The runner, after training.
    """
    cfg.work_dir = str(folder)
    cfg.experiment_name = '_'.join(folder.resolve().parts[1:])  # unique in this process
    cfg.randomness = {'seed': seed}
    cfg.visualizer.name = cfg.experiment_name
    cfg.resume = latest_checkpoint(folder) != (None, [])
    runner = Runner.from_cfg(cfg)
    check_batches(runner)
    runner.train()
    return runner


def pretrain(context: StudyContext, job: Job) -> Result:
    """Pretrain; leaves ``weights.pth`` and the config in the folder of the job."""
    folder = context.folder_of(job)
    cfg, budget = pretrain_config(context, job), {}
    if (minutes := context.study.pretrain_minutes) is not None:
        budget = steps_within(minutes, cfg, folder, partial(train, seed=job.seed))
        cfg = pretrain_config(context, job, budget['steps'])
    cfg.dump(folder / 'config.py')
    (folder / WEIGHTS).unlink(missing_ok=True)  # of a run that was stopped at its very end
    start, resumed = time.time(), latest_checkpoint(folder)[0] is not None
    runner = train(cfg, folder, job.seed)
    torch.save({'state_dict': runner.model.state_dict()}, folder / f'{WEIGHTS}.part')
    (folder / f'{WEIGHTS}.part').replace(folder / WEIGHTS)
    scalars = runner.message_hub.log_scalars
    return {
        **budget,
        'images': len(runner.train_dataloader.dataset),
        'epochs': cfg.train_cfg.get('max_epochs', runner.epoch),
        'steps': runner.iter,
        'training_seconds': round(time.time() - start, 1),
        'resumed': resumed,  # then the seconds are those since
        'data': data_fingerprint(image_paths(runner.train_dataloader.dataset)),
        'weights': file_digest(folder / WEIGHTS),
        'last': {
            key.removeprefix('train/'): mean
            for key, value in scalars.items()
            if key.startswith(('train/loss', 'train/chance', 'train/emb'))
            and math.isfinite(mean := float(value.mean(10)))
        },
    }


def probe(context: StudyContext, job: Job) -> Result:
    """Classify pixels by frozen features, with every list of labelled tiles."""
    return probe_weights(context, job)


def finetune(context: StudyContext, job: Job) -> Result:
    """Fine-tune on labelled tiles, and score the last weights on the held-out ones."""
    folder = context.folder_of(job)
    cfg = finetune_config(context, job)
    cfg.dump(folder / 'config.py')
    runner = train(cfg, folder, job.seed)
    runner.test()
    if job.seed == context.study.seeds[0]:
        save_predictions(runner, context.tiles.val[:SHOWN_TILES], folder / 'predictions')
    scores = json.loads((folder / 'scores.json').read_text(encoding='utf-8'))
    return {
        'scores': {name: scores[name] for name in SCORES},
        'hist': scores['confusion_matrix'],
        'steps': runner.iter,
        'data': data_fingerprint(image_paths(runner.train_dataloader.dataset)),
    }


JOB_RUNNERS: dict[str, Callable[[StudyContext, Job], Result]] = {
    'pretrain': pretrain, 'probe': probe, 'finetune': finetune,
}  # fmt: skip


def save_predictions(runner: Runner, names: Sequence[str], folder: Path) -> None:
    """Save predicted class ids of tiles as PNG, for the figures of the report."""
    model, dataset = runner.model.eval(), runner.test_dataloader.dataset
    folder.mkdir(exist_ok=True)
    for index in range(len(dataset)):
        name = Path(dataset.get_data_info(index)['img_path']).stem
        if name in names:
            with torch.no_grad():
                sample = model.test_step(pseudo_collate([dataset[index]]))[0]
            mask = sample.pred_sem_seg.data[0].cpu().numpy().astype(np.uint8)
            Image.fromarray(mask).save(folder / f'{name}.png')


def prepare_folder(folder: Path, inputs: Result, keep: bool) -> None:
    """Prepare the folder of a job.

    Args:
        folder: The folder. The files of an earlier attempt are removed.
        inputs: Everything the result will depend on.
        keep: Whether to resume an earlier attempt with the same inputs instead.
    """
    path, text = folder / INPUTS, json.dumps(inputs, sort_keys=True)
    same = path.is_file() and path.read_text(encoding='utf-8') == text
    if folder.is_dir() and not (keep and same):
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding='utf-8')
