"""Check a dataset before training: every file, and the splits against each other."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from glcnet_plugin.datasets.analysis.declared_classes import class_issues
from glcnet_plugin.datasets.analysis.geo_overlap import overlapping_pairs
from glcnet_plugin.datasets.analysis.sample_checks import (
    Expectation,
    Issue,
    Sample,
    SampleReport,
    check_sample,
)
from glcnet_plugin.datasets.analysis.split_summary import SplitSummary
from glcnet_plugin.datasets.analysis.tile_overlap import (
    OVERLAP_REMEDY,
    overlapping_tiles,
    tile_places,
)
from glcnet_plugin.datasets.io.band_order import BandOrder
from glcnet_plugin.datasets.io.images import ImageInfo
from glcnet_plugin.errors import DataError
from glcnet_plugin.utils.parallel import parallel_map

CHUNK = 8  # samples per task of a worker
TRAIN = 'train'
MAX_MEAN, MAX_SCALE = 3.0, 10.0  # of normalised bands, before it is a warning


@dataclass
class DatasetReport:
    """Issues and figures of a dataset."""

    splits: dict[str, SplitSummary] = field(default_factory=lambda: defaultdict(SplitSummary))
    issues: list[Issue] = field(default_factory=list)

    def add(self, level: str, code: str, file: str, message: str) -> None:
        """Add an issue."""
        self.issues.append(Issue(level, code, file, message))

    @property
    def errors(self) -> int:
        """Number of issues that would stop or spoil a training."""
        return sum(issue.level == 'error' for issue in self.issues)

    def as_dict(self) -> dict[str, Any]:
        """All of it for JSON."""
        return {
            'errors': self.errors,
            'splits': {name: split.as_dict() for name, split in self.splits.items()},
            'issues': [asdict(issue) for issue in self.issues],
        }


def check_dataset(
    samples: Sequence[Sample], expected: Expectation, workers: int | None = None
) -> DatasetReport:
    """Check all samples in parallel, then compare the splits.

    Args:
        samples: Images with their masks and splits; 'train' is compared with all others.
        expected: What the settings say of the data; see :class:`Sample` for datasets that differ.
        workers: Number of processes; None for one per core, 0 for this one.

    Returns:
        The report.
    """
    result, places, order = DatasetReport(), _Places(), BandOrder()
    chunks = _chunks(samples, CHUNK)
    check = partial(_check_chunk, expected=expected)
    total = -(-len(samples) // CHUNK)
    for reports in parallel_map(check, chunks, total, 'checking', workers):
        for report in reports:
            result.splits[report.sample.split].add(report)
            result.issues += report.issues
            places.add(report, result)
            _compare_names(report, order, result)
    places.compare_ground(result)
    places.compare_tiles(result)
    _check_mixtures(result)
    _check_classes(result)
    result.issues += class_issues(result.splits, expected.labels)
    _check_normalisation(result, expected)
    return result


def _check_chunk(samples: Iterable[Sample], expected: Expectation) -> list[SampleReport]:
    """Check some samples in one task."""
    return [check_sample(sample, expected) for sample in samples]


def _chunks(samples: Sequence[Sample], size: int) -> Iterator[list[Sample]]:
    """Samples in portions."""
    rest = iter(samples)
    yield from iter(lambda: list(islice(rest, size)), [])


class _Places:
    """Where each image, its content, its group and its ground were seen first."""

    def __init__(self) -> None:
        self.paths: dict[str, str] = {}  # file -> split
        self.content: dict[bytes, tuple[str, str]] = {}  # digest -> split, file
        self.groups: dict[str, tuple[str, str]] = {}
        self.located: list[tuple[Sample, ImageInfo]] = []
        self.samples: list[Sample] = []

    def add(self, report: SampleReport, result: DatasetReport) -> None:
        """Compare a sample with those before it."""
        sample = report.sample
        self.samples.append(sample)
        other = self.paths.setdefault(sample.image, sample.split)
        if _leaks(other, sample.split):
            result.add('error', 'leak_file', sample.image, f'in {other} and in {sample.split}')
        elif report.digest:
            split, file = self.content.setdefault(report.digest, (sample.split, sample.image))
            if _leaks(split, sample.split):
                text = f'the same pixels as {file} in {split}'
                result.add('error', 'leak_content', sample.image, text)
            elif split == sample.split and file != sample.image:
                result.add('warning', 'duplicate', sample.image, f'the same pixels as {file}')
        if sample.group:
            split, file = self.groups.setdefault(sample.group, (sample.split, sample.image))
            if _leaks(split, sample.split):
                text = f'group {sample.group!r} is in {split} too ({file})'
                result.add('error', 'leak_group', sample.image, text)
        if report.info is not None and report.info.bounds is not None:
            self.located.append((sample, report.info))

    def compare_ground(self, result: DatasetReport) -> None:
        """Look for georeferenced images of two splits that overlap on the ground."""
        train = [place for place in self.located if place[0].split == TRAIN]
        rest = [place for place in self.located if place[0].split != TRAIN]
        try:
            pairs = overlapping_pairs([info for _, info in train], [info for _, info in rest])
        except DataError as error:
            return result.add('error', 'georeference', 'all splits', str(error))
        for i, j in pairs:
            first, second = train[i][0], rest[j][0]
            if first.image != second.image:
                text = f'shows ground of {first.image} in {TRAIN}'
                result.add('error', 'leak_ground', second.image, text)
        return None

    def compare_tiles(self, result: DatasetReport) -> None:
        """Look for tiles of two splits that show the same pixels of a scene."""
        rows = [({'name': Path(s.image).stem, **s.row}, s.image) for s in self.samples]
        try:
            tiles = tile_places(rows)
        except DataError as error:
            return result.add('error', 'georeference', 'all splits', str(error))
        train, rest = (
            {s.image: tiles[s.image] for s in self.samples if s.image in tiles and s.split in part}
            for part in ({TRAIN}, set(result.splits) - {TRAIN})
        )
        for first, second in overlapping_tiles(train, rest):
            if first != second:
                text = f'overlaps {first} in {TRAIN}, by their places: {OVERLAP_REMEDY}'
                result.add('error', 'leak_tiles', second, text)
        return None


def _leaks(first: str, second: str) -> bool:
    """Whether one of two splits is for training and the other is not."""
    return first != second and TRAIN in (first, second)


def _compare_names(report: SampleReport, order: BandOrder, result: DatasetReport) -> None:
    """Report a file that names its bands in another order than those before it."""
    try:
        order.check(report.sample.image, report.band_names)
    except DataError as error:
        result.add('error', 'band_order', report.sample.image, str(error))


def _check_mixtures(result: DatasetReport) -> None:
    """Report splits whose files differ in bands or type."""
    for name, split in result.splits.items():
        for code, kinds, level in (('bands_mixed', split.bands, 'error'),
                                   ('types_mixed', split.dtypes, 'warning')):  # fmt: skip
            if len(kinds) > 1:
                text = ', '.join(f'{kind}: {count} files' for kind, count in kinds.most_common())
                result.add(level, code, name, text)


def _check_classes(result: DatasetReport) -> None:
    """Report classes that are scored but never trained."""
    train = result.splits.get(TRAIN)
    if train is None or train.class_pixels is None:
        return
    for name, split in result.splits.items():
        if name == TRAIN or split.class_pixels is None:
            continue
        for index in np.flatnonzero((train.class_pixels == 0) & (split.class_pixels > 0)):
            text = f'class {index} is in {name} but in no training mask'
            result.add('warning', 'class_untrained', name, text)


def _check_normalisation(result: DatasetReport, expected: Expectation) -> None:
    """Report splits that the means and deviations of the settings leave far from (0, 1)."""
    if expected.mean is None or expected.std is None:
        return
    if min(expected.std) <= 0:
        text = f'std must be positive, got {list(expected.std)}'
        return result.add('error', 'normalisation', 'config', text)
    for name, split in result.splits.items():
        if split.mean is None or split.std is None or len(split.mean) != len(expected.mean):
            continue
        mean = (split.mean - np.array(expected.mean)) / np.array(expected.std)
        std = split.std / np.array(expected.std)
        if (
            (np.abs(mean) > MAX_MEAN).any()
            or (std < 1 / MAX_SCALE).any()
            or (std > MAX_SCALE).any()
        ):
            text = (
                f'normalised, the bands have means {mean.round(3).tolist()} and deviations '
                f'{std.round(3).tolist()}: set mean and std of the data, see band_stats'
            )
            result.add('warning', 'normalisation', name, text)
    return None
