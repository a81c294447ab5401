"""What every job and the report of a study need."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glcnet_plugin.datasets.io.folder_format import read_classes
from glcnet_plugin.study.digests import CACHE, Digests
from glcnet_plugin.study.plan import Job, make_plan
from glcnet_plugin.study.protocol import check_protocol
from glcnet_plugin.study.settings import Method, Study
from glcnet_plugin.study.tiles import Tiles, choose_tiles

WEIGHTS = 'weights.pth'
RESULT = 'metrics.json'  # of a finished job


@dataclass(frozen=True)
class StudyContext:
    """A study with its tiles, jobs and folder; the processes of the jobs get a pickled copy.

    Args:
        study: Its settings.
        folder: Where its jobs and its report are written.
        tiles: Its tiles.
        plan: Its jobs, each after the one it needs.
        classes: What :func:`read_classes` gives.
        exceptions: Differences from the common protocol that are used, with the reason, by
            method and prefix of a key.
    """

    study: Study
    folder: Path
    tiles: Tiles
    plan: Sequence[Job]
    classes: Mapping[str, Any]
    exceptions: Mapping[str, Mapping[str, str]]

    def method_of(self, job: Job) -> Method:
        """Method of a job."""
        return self.study.methods[job.method]

    def folder_of(self, job: Job) -> Path:
        """Folder of a job."""
        return self.folder / job.name

    def weights_of(self, job: Job) -> Path | str | None:
        """Checkpoint that a probe or fine-tuning reads; None for random weights."""
        if job.needs is not None:
            return self.folder / job.needs / WEIGHTS
        return self.method_of(job).checkpoint

    def tile_list(self, name: str) -> Path:
        """File with one tile name per line; 'train', 'val', '16_0' (16 tiles of seed 0)."""
        return (self.folder / f'lists/{name}.txt').resolve()


def prepare_study(study: Study, folder: Path) -> StudyContext:
    """Check the protocol of a study, choose its tiles and list its jobs.

    Args:
        study: The study.
        folder: Where it is kept.

    Returns:
        The context; nothing is written yet but digests of images in ``pretrain_root``.

    Raises:
        ConfigError: If methods differ in a setting that no exception states.
        DataError: If the tiles do not allow the study.
    """
    exceptions = check_protocol(study)
    digests = Digests(folder / CACHE)
    tiles = choose_tiles(study, digests)
    digests.save()
    classes = read_classes(study.data.root)
    return StudyContext(study, folder, tiles, make_plan(study, tiles), classes, exceptions)
