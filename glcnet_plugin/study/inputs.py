"""The inputs of a job: a result of other inputs is not its result."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from mmengine.config import Config

from glcnet_plugin.study.context import RESULT, StudyContext
from glcnet_plugin.study.digests import CACHE, Digests, file_digest
from glcnet_plugin.study.digests import value_digest as digest
from glcnet_plugin.study.plan import Job, probed, weight_seed
from glcnet_plugin.study.settings import config_file

# what is read of a labelled folder; lists, caches and notes beside them may come and go
LABELLED = ('images', 'masks', 'classes.json', 'manifest.csv')


def inputs_of(job: Job, context: StudyContext) -> dict[str, Any]:
    """Everything the result of a job depends on.

    Args:
        job: The job.
        context: Its study.

    Returns:
        Values and digests by name, as JSON holds them.
    """
    study, tiles, method = context.study, context.tiles, context.method_of(job)
    cache = context.folder / CACHE
    inputs: dict[str, Any] = {
        'seed': job.seed,
        'data': folder_digest(study.data.root, cache, LABELLED),
    }
    if method.config is not None:
        inputs |= {
            'pretrain_config': method.config,
            'pretrain_settings': config_digest(method.config),
            'pretrain_options': dict(method.options),
            'pretrain_steps': study.pretrain_steps,
            'pretrain_tiles': digest(tiles.train),
            'pretrain_data': folder_digest(study.data.pretrain_root, cache),
        }
        if study.pretrain_minutes is not None:
            inputs['pretrain_minutes'] = study.pretrain_minutes
        if study.data.pretrain_window is not None:
            inputs['pretrain_window'] = study.data.pretrain_window
        if method.checkpoint is not None:
            inputs['pretrain_start'] = checkpoint_digest(method.checkpoint)
    if job.kind == 'pretrain':
        return inputs
    network = study.networks[method.network]
    inputs |= {
        'network': network,
        'network_settings': config_digest(network),
        'scope': method.scope,
        'tile_statistics': method.uses_tile_statistics,
        'checkpoint': method.checkpoint and checkpoint_digest(method.checkpoint),
        'pretrained_weights': job.needs and pretrained_digest(context, job.needs),
        'weights_seed': weight_seed(study, method, job.seed) if job.kind == 'finetune' else None,
        'val_tiles': digest(tiles.val),
    }
    if job.kind == 'finetune':
        options = {'finetune_options': dict(study.finetune_options)}
        return inputs | options | {'labelled_tiles': digest(tiles.labelled[job.labels, job.seed])}
    # a probe builds the network of the fine-tuning, so options of the model matter
    if of_model := {k: v for k, v in study.finetune_options.items() if k.split('.')[0] == 'model'}:
        inputs['finetune_options'] = of_model
    lists = [tiles.labelled[key] for key in probed(job, study, tiles)]
    return inputs | {'labelled_tiles': digest(lists)}


def pretrained_digest(context: StudyContext, name: str) -> str | None:
    """Digest of the weights of a pretraining, as it recorded it; None if it is not finished."""
    path = context.folder / name / RESULT
    if not path.is_file():
        return None
    weights: str | None = json.loads(path.read_text(encoding='utf-8')).get('weights')
    return weights


@cache
def folder_digest(folder: str | None, remembered: Path, parts: Sequence[str] = ('',)) -> str | None:
    """Digest of names and content of the files of a folder.

    Args:
        folder: The folder.
        remembered: File with known digests, see :class:`Digests`.
        parts: Files and folders in it that count; all by default.

    Returns:
        The digest; None for no folder.
    """
    return None if folder is None else Digests(remembered).of_folder(folder, parts)


@cache
def checkpoint_digest(path: str) -> str:
    """Digest of a checkpoint, or of its address."""
    return digest(path) if '://' in path else file_digest(path)


@cache
def config_digest(config: str) -> str:
    """Digest of the settings of a config."""
    return digest(Config.fromfile(config_file(config)).pretty_text)
