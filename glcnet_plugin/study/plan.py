"""The cells of a study: what there is to run, in which order, from which inputs."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from mmengine.config import Config

from glcnet_plugin.study.settings import CONFIGS, Method, Study
from glcnet_plugin.study.tiles import Tiles


@dataclass(frozen=True)
class Cell:
    """One run of a study.

    Args:
        kind: 'pretrain', 'probe' or 'finetune'.
        method: Name of the method.
        seed: Of the weights of a pretraining or probe, of labels and training of a fine-tuning.
        labels: Number of labelled tiles of a fine-tuning.
        needs: Name of the cell whose weights are used, None for none.
    """

    kind: str
    method: str
    seed: int
    labels: int = 0
    needs: str | None = None

    @property
    def name(self) -> str:
        """Name, and folder below that of the study."""
        part = f'{self.labels}tiles/' if self.kind == 'finetune' else ''
        return f'{self.kind}/{self.method}/{part}seed{self.seed}'


def make_plan(study: Study, tiles: Tiles) -> list[Cell]:
    """All cells of a study: pretraining before what needs it, probes before fine-tunings.

    Args:
        study: The study.
        tiles: Its tiles.

    Returns:
        The cells.
    """
    methods = [m for m in study.methods.values() if unavailable(m) is None]
    plan = [
        Cell('pretrain', m.name, seed)
        for m in methods
        if m.config is not None and pretrained_as(study, m) == m.name
        for seed in study.used_pretrain_seeds
    ]
    plan += [Cell('probe', m.name, seed, 0, _needs(study, m, seed))
             for m in methods for seed in weight_seeds(study, m)]  # fmt: skip
    if study.finetune:
        plan += [
            Cell('finetune', m.name, seed, labels, _needs(study, m, study.pretrain_seed(seed)))
            for labels, seed in tiles.labelled
            for m in methods
        ]
    return plan


def unavailable(method: Method) -> str | None:
    """Why a method cannot be run here; None if it can."""
    source = method.checkpoint
    if source is not None and '://' not in source and not Path(source).is_file():
        return f'its weights, {source}, are not there'
    return None


def weight_seeds(study: Study, method: Method) -> Sequence[int]:
    """Seeds of the different weights of a method; random ones differ for every seed."""
    if not method.trained:
        return study.seeds
    return study.used_pretrain_seeds[: None if method.config is not None else 1]


def weight_seed(study: Study, method: Method, seed: int) -> int:
    """Seed of the weights that a seed of the study takes."""
    if not method.trained:
        return seed
    return study.pretrain_seed(seed) if method.config is not None else study.pretrain_seeds[0]


def pretrained_as(study: Study, method: Method) -> str:
    """Name of the method whose pretraining a method takes.

    The first of the same config and options, so that methods which load different parts of the
    same network pretrain it once.
    """
    return next(
        other.name
        for other in study.methods.values()
        if (other.config, other.options) == (method.config, method.options)
    )


def _needs(study: Study, method: Method, seed: int) -> str | None:
    """Name of the pretraining that a method begins with."""
    if method.config is None:
        return None
    return Cell('pretrain', pretrained_as(study, method), seed).name


def inputs_of(cell: Cell, study: Study, tiles: Tiles) -> dict[str, Any]:
    """What the result of a cell depends on; a result of other inputs is not this cell's.

    Args:
        cell: The cell.
        study: Its study.
        tiles: Tiles of the study.

    Returns:
        Values and digests by name, as JSON holds them.
    """
    method = study.methods[cell.method]
    found: dict[str, Any] = {'seed': cell.seed, 'data': folder_digest(study.data.root)}
    if method.config is not None:
        found |= {
            'pretrain_config': method.config,
            'pretrain_settings': config_digest(method.config),
            'pretrain_options': dict(method.options),
            'pretrain_steps': study.pretrain_steps,
            'pretrain_tiles': digest(tiles.train),
            'pretrain_data': folder_digest(study.data.pretrain_root),
        }
    if cell.kind == 'pretrain':
        return found
    network = study.networks[method.network]
    found |= {
        'network': network,
        'network_settings': config_digest(network),
        'scope': method.scope,
        'checkpoint': method.checkpoint and file_digest(method.checkpoint),
        'weights_seed': weight_seed(study, method, cell.seed) if cell.kind == 'finetune' else None,
        'val_tiles': digest(tiles.val),
    }
    if cell.kind == 'finetune':
        options = {'finetune_options': dict(study.finetune_options)}
        return found | options | {'labelled_tiles': digest(tiles.labelled[cell.labels, cell.seed])}
    # of the fine-tuning, a probe takes the network: its normalisation, for one
    if of_model := {k: v for k, v in study.finetune_options.items() if k.split('.')[0] == 'model'}:
        found['finetune_options'] = of_model
    lists = [tiles.labelled[key] for key in probed(cell, study, tiles)]
    return found | {'labelled_tiles': digest(lists)}


def probed(cell: Cell, study: Study, tiles: Tiles) -> Iterator[tuple[int, int]]:
    """Lists of labelled tiles, (number, seed), that a probe of some weights is fitted to."""
    method = study.methods[cell.method]
    for labels, seed in tiles.labelled:
        if weight_seed(study, method, seed) == cell.seed:
            yield labels, seed


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
    """Digest of the settings of a config below ``configs``."""
    return digest(Config.fromfile(CONFIGS / config).pretty_text)
