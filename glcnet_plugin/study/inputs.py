"""The inputs of a job: a result of other inputs is not its result."""

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from mmengine.config import Config

from glcnet_plugin.study.context import StudyContext
from glcnet_plugin.study.plan import Job, probed, weight_seed
from glcnet_plugin.study.settings import config_file


def inputs_of(job: Job, context: StudyContext) -> dict[str, Any]:
    """Everything the result of a job depends on.

    Args:
        job: The job.
        context: Its study.

    Returns:
        Values and digests by name, as JSON holds them.
    """
    study, tiles, method = context.study, context.tiles, context.method_of(job)
    inputs: dict[str, Any] = {'seed': job.seed, 'data': folder_digest(study.data.root)}
    if method.config is not None:
        inputs |= {
            'pretrain_config': method.config,
            'pretrain_settings': config_digest(method.config),
            'pretrain_options': dict(method.options),
            'pretrain_steps': study.pretrain_steps,
            'pretrain_tiles': digest(tiles.train),
            'pretrain_data': folder_digest(study.data.pretrain_root),
        }
    if job.kind == 'pretrain':
        return inputs
    network = study.networks[method.network]
    inputs |= {
        'network': network,
        'network_settings': config_digest(network),
        'scope': method.scope,
        'checkpoint': method.checkpoint and file_digest(method.checkpoint),
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


def digest(value: Any) -> str:
    """Short digest of a value that JSON holds."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]


@cache
def folder_digest(folder: str | None) -> str | None:
    """Digest of names and sizes of the files of a folder, and of its ``classes.json``."""
    if folder is None:
        return None
    files = sorted(path for path in Path(folder).rglob('*') if path.is_file())
    sizes = [[str(path.relative_to(folder)), path.stat().st_size] for path in files]
    classes = Path(folder, 'classes.json')
    return digest([sizes, classes.read_text(encoding='utf-8') if classes.is_file() else ''])


@cache
def file_digest(path: str) -> str:
    """Digest of a file, or of an address."""
    if '://' in path:
        return digest(path)
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]


@cache
def config_digest(config: str) -> str:
    """Digest of the settings of a config."""
    return digest(Config.fromfile(config_file(config)).pretty_text)
