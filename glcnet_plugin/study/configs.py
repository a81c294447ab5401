"""Configs of the runs of a study, made of shipped ones."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from threadpoolctl import threadpool_limits

from glcnet_plugin.datasets.analysis.band_statistics import band_statistics
from glcnet_plugin.datasets.io.folder_format import image_files, read_classes
from glcnet_plugin.datasets.io.images import read_image
from glcnet_plugin.engine.cpu_launch import prepare_cpu
from glcnet_plugin.study.options import set_options
from glcnet_plugin.study.settings import CONFIGS, Method, Study
from glcnet_plugin.study.tiles import Tiles

DESCRIBED = 200  # images whose statistics stand for all


def band_settings(paths: Sequence[Path]) -> dict[str, Any]:
    """Settings of the model that depend on the bands.

    Args:
        paths: Images.

    Returns:
        Nothing for 8-bit RGB, which the configs are made for; else the number of bands, and
        their means and deviations.
    """
    first = read_image(paths[0])
    if first.shape[2] == 3 and first.dtype == np.uint8:
        return {}
    statistics = band_statistics(list(paths[:: max(1, len(paths) // DESCRIBED)]))
    return {
        'model.backbone.in_channels': len(statistics.mean),
        'model.data_preprocessor.mean': statistics.mean.tolist(),
        'model.data_preprocessor.std': np.maximum(statistics.std, 1e-6).tolist(),
    }


def pretrain_config(study: Study, method: Method, tiles: Tiles, train_list: Path) -> Config:
    """Config of a pretraining.

    Args:
        study: The study.
        method: Its method, with a config.
        tiles: Tiles of the study.
        train_list: List of the tiles to pretrain on.

    Returns:
        The config, with the study's data and number of steps.
    """
    cfg = Config.fromfile(CONFIGS / str(method.config))
    folder, listing = Path(study.data.root, 'images'), str(train_list)
    if study.data.pretrain_root is not None:
        folder, listing = Path(study.data.pretrain_root), ''
    images = image_files(folder)
    names = tiles.train if listing else list(images)
    cfg.merge_from_dict(band_settings([images[name] for name in names]))
    set_options(cfg, method.options, method.name)
    cfg.train_dataloader.dataset.update(data_root=str(folder), ann_file=listing)
    per_epoch = max(1, len(names) // cfg.train_dataloader.batch_size)
    epochs = max(1, round(study.pretrain_steps / per_epoch))
    cfg.train_cfg.max_epochs = cfg.param_scheduler[0].T_max = epochs
    interval = max(1, epochs // 10)
    cfg.default_hooks.checkpoint.update(interval=interval, max_keep_ckpts=1)
    return fit_to_machine(cfg)


def finetune_config(study: Study, method: Method, tiles: Tiles, lists: dict[str, Path]) -> Config:
    """Config of a fine-tuning, and of the network that a probe reads.

    Args:
        study: The study.
        method: Its method.
        tiles: Tiles of the study.
        lists: Lists of the ``'train'`` and ``'val'`` tiles.

    Returns:
        The config, without weights to load.
    """
    cfg = Config.fromfile(CONFIGS / study.networks[method.network])
    images = image_files(Path(study.data.root, 'images'))
    cfg.merge_from_dict(band_settings([images[name] for name in tiles.train]))
    set_options(cfg, study.finetune_options, study.name)
    cfg.model.decode_head.num_classes = len(read_classes(study.data.root)['classes'])
    for part in ('train', 'val'):
        dataset = cfg[f'{part}_dataloader'].dataset
        dataset.update(data_root=study.data.root, ann_file=str(lists[part]))
    labelled = len(lists['train'].read_text(encoding='utf-8').split())
    loader = cfg.train_dataloader
    if loader.get('drop_last') and loader.sampler.type == 'DefaultSampler':
        loader.batch_size = min(loader.batch_size, labelled)  # else there is no step at all
    # scored once, at the end, by the test loop
    cfg.test_dataloader = cfg.val_dataloader
    cfg.val_dataloader = cfg.val_evaluator = cfg.val_cfg = None
    cfg.default_hooks.checkpoint = None  # the last weights are scored, none are kept
    return fit_to_machine(cfg)


def fit_to_machine(cfg: Config) -> Config:
    """Without a GPU: full precision, and data read by the process itself.

    Cells run side by side then, one thread each, and their results do not depend on the number of
    data processes.
    """
    prepare_cpu(cfg)
    if not torch.cuda.is_available():
        for part in ('train', 'val', 'test'):
            loader = cfg.get(f'{part}_dataloader')
            if loader is not None:
                loader.update(num_workers=0, persistent_workers=False)
    return cfg


def one_thread() -> None:
    """Compute in one thread, in this process and in those that it starts."""
    os.environ['OMP_NUM_THREADS'] = '1'
    torch.set_num_threads(1)
    threadpool_limits(1)  # of the linear algebra under NumPy, which is loaded already
