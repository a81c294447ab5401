"""What a study found, in numbers: means, differences, labels saved."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from glcnet_plugin.study.plan import Cell
from glcnet_plugin.study.report.statistics import labels_to_reach, mean_interval, verdict
from glcnet_plugin.study.results import read_result
from glcnet_plugin.study.settings import Study

KINDS = ('finetune', 'probe', 'probe_deep', 'probe_last', 'probe_dense')
SCORE = 'Kappa'


@dataclass(frozen=True)
class Score:
    """Result of one method with one list of labelled tiles."""

    kind: str
    method: str
    labels: int
    seed: int
    scores: Mapping[str, Any]
    hist: list[list[int]]


@dataclass(frozen=True)
class Difference:
    """A method against another one, seed by seed."""

    other: str
    values: Sequence[float]

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return mean(self.values)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Its 95 % interval, None for too few seeds."""
        return mean_interval(self.values)

    @property
    def verdict(self) -> str:
        """See :func:`verdict`."""
        return verdict(self.values)


@dataclass(frozen=True)
class Row:
    """A method with a number of labelled tiles, over the seeds."""

    kind: str
    method: str
    labels: int
    scores: Mapping[str, Sequence[float]]  # per name, one value per seed
    against_random: Difference | None
    against_best: Difference | None

    @property
    def seeds(self) -> int:
        """Number of seeds."""
        return len(self.scores[SCORE])

    def mean(self, name: str = SCORE) -> float:
        """Mean of a score."""
        return mean(self.scores[name])

    def deviation(self, name: str = SCORE) -> float | None:
        """Standard deviation of a score over the seeds, None for one seed."""
        return stdev(self.scores[name]) if self.seeds > 1 else None


def read_scores(folder: Path, plan: Iterable[Cell]) -> list[Score]:
    """Scores of all finished cells.

    Args:
        folder: Folder of the study.
        plan: Its cells.

    Returns:
        One per probe or fine-tuning, method, number of labelled tiles and seed.
    """
    found = []
    for cell in plan:
        result = read_result(folder, cell)
        if result is None or cell.kind == 'pretrain':
            continue
        rows = result['rows'] if cell.kind == 'probe' else [
            {'kind': 'finetune', 'labels': cell.labels, 'seed': cell.seed,
             'scores': result['scores'], 'hist': result['hist']}
        ]  # fmt: skip
        for row in rows:
            found.append(Score(row['kind'], cell.method, row['labels'], row['seed'],
                               row['scores'], row['hist']))  # fmt: skip
    return found


def summarise(study: Study, scores: Sequence[Score]) -> list[Row]:
    """Bring scores together over the seeds, and compare methods seed by seed.

    Args:
        study: The study.
        scores: See :func:`read_scores`.

    Returns:
        Rows by kind, number of labelled tiles, and method in the order of the study.
    """
    table: dict[tuple[str, int, str], dict[int, Score]] = {}
    for one in scores:
        table.setdefault((one.kind, one.labels, one.method), {})[one.seed] = one
    order = list(study.methods)
    keys = sorted(table, key=lambda key: (KINDS.index(key[0]), key[1], order.index(key[2])))
    rows = []
    for kind, labels, method in keys:
        own = table[kind, labels, method]
        others = {m: by for (k, n, m), by in table.items() if (k, n) == (kind, labels)}
        rows.append(
            Row(
                kind,
                method,
                labels,
                {name: [float(s.scores[name]) for _, s in sorted(own.items())]
                 for name in ('OA', 'Kappa', 'mIoU')},
                _against(own, others, study.random_of(study.methods[method]), method),
                _against(own, others, best_baseline(study, method, others), method),
            )
        )  # fmt: skip
    return rows


def best_baseline(
    study: Study, method: str, others: Mapping[str, Mapping[int, Score]]
) -> str | None:
    """The other method with the highest mean, of another family and the same network.

    It is chosen by the scores that are then compared, which favours it; among those with most
    seeds, as long as some are not finished.
    """
    own = study.methods[method]
    most = max(len(by) for by in others.values())
    rivals = {
        name: mean(float(s.scores[SCORE]) for s in by.values())
        for name, by in others.items()
        if name != method
        and len(by) == most
        and study.methods[name].network == own.network
        and not (own.family and study.methods[name].family == own.family)
    }
    return max(rivals, key=lambda name: rivals[name]) if rivals else None


def _against(
    own: Mapping[int, Score], others: Mapping[str, Mapping[int, Score]], name: str | None,
    method: str,
) -> Difference | None:  # fmt: skip
    """Differences of the seeds that both have."""
    if name is None or name == method or name not in others:
        return None
    both = sorted(own.keys() & others[name].keys())
    values = [
        float(own[seed].scores[SCORE]) - float(others[name][seed].scores[SCORE]) for seed in both
    ]
    return Difference(name, values) if values else None


def curve(rows: Iterable[Row], kind: str, method: str) -> list[Row]:
    """Rows of a method over the numbers of labelled tiles."""
    return sorted(
        (row for row in rows if (row.kind, row.method) == (kind, method)), key=lambda r: r.labels
    )


def labels_saved(study: Study, rows: Sequence[Row], kind: str) -> str | None:
    """How many labels random weights need for what the reference reaches with the fewest.

    Args:
        study: The study.
        rows: See :func:`summarise`.
        kind: Fine-tuning or a probe.

    Returns:
        A sentence; None where there is nothing to compare.
    """
    reference = study.methods[study.reference]
    name = study.random_of(reference)
    ours = curve(rows, kind, study.reference)
    theirs = curve(rows, kind, name) if name else []
    if len(theirs) < 2 or not ours:
        return None
    least = ours[0]
    if theirs[0].labels != least.labels or least.against_random is None:
        return None
    title, other = reference.title, study.methods[str(name)].title
    if least.against_random.verdict != 'ahead':
        return (
            f'with {least.labels} labelled tiles {title} is not ahead of {other}: no labels are '
            'saved that could be told.'
        )
    numbers, means = [row.labels for row in theirs], [row.mean() for row in theirs]
    for many, (before, after) in zip(numbers[1:], pairwise(means), strict=True):
        if after < before:
            return (
                f'the Kappa of {other} falls from {before:.3f} to {after:.3f} where there are '
                f'{many} labelled tiles: how many they need cannot be told. Is the fine-tuning too '
                'short, or are the few labels spread better than the many?'
            )
    how, count = labels_to_reach(least.mean(), numbers, means)
    text = f'{title} reaches Kappa {least.mean():.3f} with {least.labels} labelled tiles; {other}'
    if how == 'more than':
        return f'{text} do not reach it with all {count:.0f}.'
    return f'{text} need about {count:.0f}, {count / least.labels:.1f} times as many.'
