"""Results of a study as numbers: means and differences."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean, stdev
from typing import Any

import pandas as pd

from glcnet_plugin.study.context import StudyContext
from glcnet_plugin.study.digests import value_digest
from glcnet_plugin.study.plan import Job
from glcnet_plugin.study.report.differences import Difference
from glcnet_plugin.study.report.statistics import holm
from glcnet_plugin.study.results import read_result
from glcnet_plugin.study.settings import Study

SCORE_KINDS = ('finetune', 'probe', 'probe_deep', 'probe_last', 'probe_dense', 'probe_all')
SCORE = 'Kappa'
SHOWN = ('OA', 'Kappa', 'mIoU')
Pair = tuple[str, int, frozenset[str]]  # kind, labelled tiles, the two methods


@dataclass(frozen=True)
class Score:
    """Scores of one method with one list of labelled tiles.

    Scores of the same ``origin`` are copies: a probe of all labelled tiles is the same for every
    seed with the same weights. Without one, a score is its own.
    """

    kind: str
    method: str
    labels: int
    seed: int
    scores: Mapping[str, Any]
    hist: list[list[int]]
    origin: str = ''


@dataclass(frozen=True)
class Row:
    """A method with a number of labelled tiles, over the seeds."""

    kind: str
    method: str
    labels: int
    scores: Mapping[str, Sequence[float]]  # one value per seed, by name
    against_start: Difference | None
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


def read_scores(context: StudyContext) -> list[Score]:
    """Scores of all finished jobs.

    Args:
        context: The study.

    Returns:
        One per probe or fine-tuning, method, number of labelled tiles and seed. The probe of
        all features is that of the backbone and encoder for methods that pretrain no decoder.
    """
    scores = []
    for job in context.plan:
        result = read_result(context, job)
        if result is None or job.kind == 'pretrain':
            continue
        rows = result['rows'] if job.kind == 'probe' else [
            {'kind': 'finetune', 'labels': job.labels, 'seed': job.seed,
             'scores': result['scores'], 'hist': result['hist']}
        ]  # fmt: skip
        scores += [Score(method=job.method, origin=_origin(context, job, row), **row)
                   for row in rows]  # fmt: skip
    with_decoder = {score.method for score in scores if score.kind == 'probe_dense'}
    if any(score.kind == 'probe_all' for score in scores):
        scores += [
            replace(score, kind='probe_all')
            for score in scores
            if score.kind == 'probe' and score.method not in with_decoder
        ]
    return scores


def _origin(context: StudyContext, job: Job, row: Mapping[str, Any]) -> str:
    """Digest of what differs between the seeds of a score; empty for a fine-tuning."""
    if job.kind == 'finetune':
        return ''  # its seed is that of its training, too
    return value_digest([job.seed, sorted(context.tiles.labelled[row['labels'], row['seed']])])


def summarise(study: Study, scores: Iterable[Score]) -> list[Row]:
    """Collect scores over the seeds, and compare methods seed by seed.

    Args:
        study: The study.
        scores: See :func:`read_scores`. Copies, and differences of the same two scores, count once.

    Returns:
        Rows by kind, number of labelled tiles, and method in the order of the study.
    """
    index = ['kind', 'labels', 'method', 'seed']
    lines = [
        [s.kind, s.labels, s.method, s.seed, s.origin or f'seed {s.seed}',
         *(float(s.scores[name]) for name in SHOWN)]
        for s in scores
    ]  # fmt: skip
    columns = [*index, 'origin', *SHOWN]
    table = pd.DataFrame(lines, columns=columns).drop_duplicates(index, keep='last')
    rows = []
    for kind in SCORE_KINDS:
        for labels, part in table[table.kind == kind].groupby('labels'):
            by_seed = part.pivot(index='seed', columns='method', values=SCORE)
            origins = part.pivot(index='seed', columns='method', values='origin')
            for name in [name for name in study.methods if name in by_seed]:
                own = part[part.method == name].sort_values('seed').drop_duplicates('origin')
                start = study.start_of(study.methods[name])
                rows.append(Row(
                    kind, name, int(labels), {n: own[n].tolist() for n in SHOWN},
                    _difference(by_seed, origins, name, start),
                    _difference(by_seed, origins, name, best_baseline(study, name, by_seed)),
                ))  # fmt: skip
    return corrected(rows)


def corrected(rows: Sequence[Row]) -> list[Row]:
    """Correct the p-values of the differences for their number, by Holm's method.

    A kind, which is a table of the report, has two families over all numbers of labelled tiles:
    differences to the start, and differences to the best other method. A pair of methods that is
    compared twice, as A to B and B to A or because the start is the best other method, is one
    test, of the first family where it is in both. Single seeds have no p-value and do not count.

    Args:
        rows: With differences that are not corrected.

    Returns:
        The rows with the adjusted p-values.
    """

    def pair(row: Row, one: Difference) -> Pair:
        return row.kind, row.labels, frozenset((row.method, one.other))

    families: dict[tuple[str, str], dict[Pair, float]] = {}
    adjusted: dict[Pair, float] = {}
    for column in ('against_start', 'against_best'):
        for row in rows:
            one: Difference | None = getattr(row, column)
            if one is None or (p_value := one.p_value) is None:
                continue
            if pair(row, one) not in families.get((row.kind, 'against_start'), {}):
                families.setdefault((row.kind, column), {})[pair(row, one)] = p_value
    for tests in families.values():
        adjusted.update(zip(tests, holm(list(tests.values())), strict=True))

    def correct(row: Row, one: Difference | None) -> Difference | None:
        return one and replace(one, adjusted=adjusted.get(pair(row, one)))

    return [
        replace(
            row,
            against_start=correct(row, row.against_start),
            against_best=correct(row, row.against_best),
        )
        for row in rows
    ]


def best_baseline(study: Study, name: str, by_seed: pd.DataFrame) -> str | None:
    """The other method with the highest mean, of another family and the same network.

    It is chosen by the scores that are then compared, which favours it. As long as some jobs are
    not finished, only the methods with most seeds are considered.
    """
    own, seeds = study.methods[name], by_seed.count()
    rivals = [
        other
        for other in by_seed
        if other != name
        and seeds[other] == seeds.max()
        and study.methods[other].network == own.network
        and not (own.family and study.methods[other].family == own.family)
    ]
    return str(by_seed[rivals].mean().idxmax()) if rivals else None


def _difference(
    by_seed: pd.DataFrame, origins: pd.DataFrame, name: str, other: str | None
) -> Difference | None:
    """Difference of two methods for the seeds that both have, once for the same two scores."""
    if other is None or other == name or other not in by_seed:
        return None
    gains = (by_seed[name] - by_seed[other]).dropna()
    values = gains[~origins.loc[gains.index, [name, other]].duplicated()].tolist()
    return Difference(other, values) if values else None


def curve(rows: Iterable[Row], kind: str, method: str) -> list[Row]:
    """Rows of a method over the numbers of labelled tiles."""
    return sorted(
        (row for row in rows if (row.kind, row.method) == (kind, method)), key=lambda r: r.labels
    )
