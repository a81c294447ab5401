"""The jobs of a study: what to run, in which order, from which weights."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from glcnet_plugin.checkpoints.published import PACKAGED
from glcnet_plugin.checkpoints.sources import local_file
from glcnet_plugin.errors import DataError
from glcnet_plugin.study.settings import Method, Study
from glcnet_plugin.study.tiles import Tiles


@dataclass(frozen=True)
class Job:
    """One run of a study.

    Args:
        kind: 'pretrain', 'probe' or 'finetune'.
        method: Name of the method.
        seed: Of the weights of a pretraining or probe, of labels and training of a fine-tuning.
        labels: Number of labelled tiles of a fine-tuning.
        needs: Name of the job whose weights are used, None for none.
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


def make_plan(study: Study, tiles: Tiles) -> list[Job]:
    """All jobs of a study: each after the one it needs, probes before fine-tunings.

    Args:
        study: The study.
        tiles: Its tiles.

    Returns:
        The jobs.
    """
    methods = [m for m in study.methods.values() if unavailable(m) is None]
    plan = [
        Job('pretrain', m.name, seed)
        for m in methods
        if m.config is not None and pretrained_as(study, m) == m.name
        for seed in study.used_pretrain_seeds
    ]
    plan += [Job('probe', m.name, seed, 0, _needs(study, m, seed))
             for m in methods for seed in weight_seeds(study, m)]  # fmt: skip
    if study.finetune:
        plan += [
            Job('finetune', m.name, seed, labels, _needs(study, m, study.pretrain_seed(seed)))
            for labels, seed in tiles.labelled
            for m in methods
        ]
    return plan


def unavailable(method: Method) -> str | None:
    """Why a method cannot be run here; None if it can. Weights of the web are fetched first."""
    source = method.checkpoint
    if source is None:
        return None
    if '://' in source:
        fetch = _fetch if source.startswith(PACKAGED) else _fetch_once
        return fetch(source)
    return None if Path(source).is_file() else f'its checkpoint {source} does not exist'


def _fetch(source: str) -> str | None:
    """Fetch weights; why they could not be fetched, None if they were."""
    try:
        local_file(source)
    except DataError as error:
        return str(error)
    return None


_fetch_once = cache(_fetch)  # the plan and the report have to agree


def weight_seeds(study: Study, method: Method) -> Sequence[int]:
    """Seeds of the different weights of a method; random ones differ for every seed."""
    if not method.trained:
        return study.seeds
    return study.used_pretrain_seeds[: None if method.config is not None else 1]


def weight_seed(study: Study, method: Method, seed: int) -> int:
    """Seed of the weights that a seed of the study uses."""
    if not method.trained:
        return seed
    return study.pretrain_seed(seed) if method.config is not None else study.pretrain_seeds[0]


def pretrained_as(study: Study, method: Method) -> str:
    """Name of the method whose pretraining a method uses.

    The first of the same config, options and start, so that methods which load different parts of
    the same network share one pretraining.
    """
    return next(
        other.name
        for other in study.methods.values()
        if (other.config, other.options, other.checkpoint)
        == (method.config, method.options, method.checkpoint)
    )


def _needs(study: Study, method: Method, seed: int) -> str | None:
    """Name of the pretraining job whose weights a method loads."""
    if method.config is None:
        return None
    return Job('pretrain', pretrained_as(study, method), seed).name


def probed(job: Job, study: Study, tiles: Tiles) -> Iterator[tuple[int, int]]:
    """Lists of labelled tiles, (number, seed), that a probe of these weights is fitted to."""
    method = study.methods[job.method]
    for labels, seed in tiles.labelled:
        if weight_seed(study, method, seed) == job.seed:
            yield labels, seed
