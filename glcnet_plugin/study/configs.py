"""Configs of the jobs of a study."""

import os
from math import ceil, floor
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import DATASETS, DefaultScope
from threadpoolctl import threadpool_limits

from glcnet_plugin.checkpoints.bands import RGB
from glcnet_plugin.checkpoints.published import published_bands
from glcnet_plugin.checkpoints.safe_load import read_weights
from glcnet_plugin.datasets.analysis.band_settings import band_settings
from glcnet_plugin.datasets.io.folder_format import image_files
from glcnet_plugin.datasets.io.lists import list_images
from glcnet_plugin.engine.cpu_launch import prepare_cpu
from glcnet_plugin.engine.data_settings import set_bands, set_num_classes
from glcnet_plugin.study.context import StudyContext
from glcnet_plugin.study.plan import Job
from glcnet_plugin.study.settings import config_file
from glcnet_plugin.study.validation import set_options

# settings of mmengine's schedulers that count steps or epochs, and the least of each
SCHEDULED = dict.fromkeys(['begin', 'end'], 0) | dict.fromkeys(
    ['T_max', 'milestones', 'periods', 'step_size', 'total_steps'], 1
)


def pretrain_config(context: StudyContext, job: Job, steps: int | None = None) -> Config:
    """Config of a pretraining.

    Args:
        context: The study.
        job: The pretraining; its method has a config.
        steps: Number of steps; None for that of the study.

    Returns:
        The config, with the study's data and number of steps.
    """
    study, method = context.study, context.method_of(job)
    steps = steps or study.pretrain_steps
    cfg = Config.fromfile(config_file(str(method.config)))
    folder, tile_list = Path(study.data.root, 'images'), str(context.tile_list('train'))
    if study.data.pretrain_root is not None:
        folder, tile_list = Path(study.data.pretrain_root), ''
    set_bands(cfg, band_settings(list_images(folder, tile_list)))
    take_normalisation(cfg, method.checkpoint)
    set_options(cfg, method.options, method.name)
    loader = cfg.train_dataloader
    loader.dataset.update(data_root=str(folder), ann_file=tile_list)
    if study.data.pretrain_window is not None:
        loader.dataset.update(
            type='glcnet_plugin.UnlabeledSceneDataset', window_size=study.data.pretrain_window
        )
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        samples = len(DATASETS.build(loader.dataset))
    batches = samples / loader.batch_size
    per_epoch = max(1, floor(batches) if loader.get('drop_last') else ceil(batches))
    epochs = max(1, round(steps / per_epoch))
    length = steps if 'max_iters' in cfg.train_cfg else epochs
    scale_schedule(cfg, length)
    interval = max(1, length // 10)
    cfg.default_hooks.checkpoint.update(interval=interval, max_keep_ckpts=1)
    cfg.default_hooks.pretrained = {
        'type': 'glcnet_plugin.LoadPretrainedHook',
        'checkpoint': method.checkpoint,
        'scope': 'backbone',
        'inflate': other_bands(cfg),
    }
    return fit_to_machine(cfg)


def scale_schedule(cfg: Config, length: int) -> None:
    """Set the length of a pretraining; a warm-up and the other parts of it keep their share.

    Args:
        cfg: The config; changed in place.
        length: Its new number of what it counts, steps or epochs.
    """
    unit = 'max_iters' if 'max_iters' in cfg.train_cfg else 'max_epochs'
    total, cfg.train_cfg[unit] = cfg.train_cfg[unit], length

    def scaled(value: Any, least: int) -> Any:
        if isinstance(value, list | tuple):
            return [scaled(one, least) for one in value]
        return max(least, value * length // total)

    given = cfg.get('param_scheduler') or []
    cfg.param_scheduler = []
    for scheduler in [given] if isinstance(given, dict) else given:
        for key, least in SCHEDULED.items():
            if scheduler.get(key) is not None:
                scheduler[key] = scaled(scheduler[key], least)
        if scheduler.get('end') != scheduler.get('begin', 0):
            cfg.param_scheduler.append(scheduler)


def finetune_config(context: StudyContext, job: Job) -> Config:
    """Config of a fine-tuning, and of the network that a probe reads.

    Args:
        context: The study.
        job: The fine-tuning or probe.

    Returns:
        The config; it loads the weights of the job, and trains on its labelled tiles.
    """
    study, tiles, method = context.study, context.tiles, context.method_of(job)
    cfg = Config.fromfile(config_file(study.networks[method.network]))
    folder = Path(study.data.root, 'images')
    images = image_files(folder)
    set_bands(cfg, band_settings([images[name] for name in tiles.train]))
    take_normalisation(cfg, method.checkpoint)
    set_options(cfg, study.finetune_options, study.name)
    set_num_classes(cfg.model, len(context.classes['classes']))
    train_list, labelled = 'train', tiles.train
    if job.kind == 'finetune':
        train_list = f'{job.labels}_{job.seed}'
        labelled = tiles.labelled[job.labels, job.seed]
    for part, name in (('train', train_list), ('val', 'val')):
        dataset = cfg[f'{part}_dataloader'].dataset
        dataset.update(data_root=study.data.root, ann_file=str(context.tile_list(name)))
    loader = cfg.train_dataloader
    if loader.get('drop_last') and loader.sampler.type == 'DefaultSampler':
        loader.batch_size = min(loader.batch_size, len(labelled))  # else an epoch has no step
    # scored once, at the end, by the test loop
    cfg.test_dataloader = cfg.val_dataloader
    cfg.test_evaluator = {
        'type': 'glcnet_plugin.RSSegMetric',
        'output_dir': str(context.folder_of(job)),
    }
    cfg.val_dataloader = cfg.val_evaluator = cfg.val_cfg = None
    cfg.default_hooks.checkpoint = None  # the last weights are scored, none are kept
    weights = context.weights_of(job)
    cfg.default_hooks.pretrained = {
        'type': 'glcnet_plugin.LoadPretrainedHook',
        'checkpoint': None if weights is None else str(weights),
        'scope': method.scope,
        'inflate': other_bands(cfg),
    }
    if method.uses_tile_statistics:
        cfg.default_hooks.tile_statistics = {
            'type': 'glcnet_plugin.RecalibrateBNHook',
            'data_root': str(folder),
            'ann_file': str(context.tile_list('train')),
        }
    return fit_to_machine(cfg)


def take_normalisation(cfg: Config, checkpoint: str | None) -> None:
    """Normalise R, G and B as in the training of weights that say it, also where these continue.

    Args:
        cfg: The config; changed in place.
        checkpoint: Path or address of weights; None for random ones.
    """
    if checkpoint is None or other_bands(cfg):
        return
    bands = published_bands(checkpoint)
    if bands is None:
        bands = (read_weights(checkpoint).get('meta') or {}).get('bands')
    if bands is not None and len(bands['mean']) == RGB:
        cfg.model.data_preprocessor.update(mean=bands['mean'], std=bands['std'])


def other_bands(cfg: Config) -> bool:
    """Whether a network has other bands than R, G and B, for which weights are published."""
    return bool(cfg.model.backbone.get('in_channels', RGB) != RGB)


def fit_to_machine(cfg: Config) -> Config:
    """Without a GPU: full precision, and no data-loading processes.

    Jobs then run side by side with one thread each, and their results do not depend on the number
    of data-loading processes.
    """
    prepare_cpu(cfg)
    if not torch.cuda.is_available():
        for part in ('train', 'val', 'test'):
            loader = cfg.get(f'{part}_dataloader')
            if loader is not None:
                loader.update(num_workers=0, persistent_workers=False)
    return cfg


def one_thread() -> None:
    """Compute in one thread, in this process and those it starts."""
    os.environ['OMP_NUM_THREADS'] = '1'
    torch.set_num_threads(1)
    threadpool_limits(1)  # of the BLAS under NumPy, which is loaded already
