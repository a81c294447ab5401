"""The answer of a study in one sentence: which initialisation, its gain, how sure, its cost."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import mean
from typing import Any

from glcnet_plugin.study.context import StudyContext
from glcnet_plugin.study.plan import Job, make_plan, pretrained_as
from glcnet_plugin.study.report.differences import Difference
from glcnet_plugin.study.report.labels_saved import equal_labels
from glcnet_plugin.study.report.statistics import ENOUGH
from glcnet_plugin.study.report.summary import SCORE, SCORE_KINDS, Row, curve
from glcnet_plugin.study.results import read_result
from glcnet_plugin.study.run.scheduler import default_workers
from glcnet_plugin.study.settings import Study

VERDICTS = {
    'ahead': '{do} {ours}: {gain}{labels}{rival}{cost}.',
    'possibly ahead': (
        'Perhaps {do_small} {ours}: {gain}{rival}{cost}; with so many comparisons this may be '
        'chance, so run more seeds.'
    ),
    'tie': (
        'No gain by {ours} is shown, {gain}; {seeds} seeds could have detected '
        '{detectable:+.3f}{more}.'
    ),
    'possibly behind': 'Stay with {start}: {ours} is possibly worse, {gain}.',
    'behind': 'Stay with {start}: {ours} is worse, {gain}.',
}
RIVALS = {
    'tie': ', level with {}',
    'behind': ', but {} is ahead of it by {:.3f}',
    'possibly behind': ', but {} is possibly ahead of it by {:.3f}',
}


def main_kind(study: Study, rows: Sequence[Row]) -> str | None:
    """The kind of scores that answers the question: fine-tuning, or the first probe without it."""
    kinds = {row.kind for row in rows if row.method == study.proposed}
    return next((kind for kind in SCORE_KINDS if kind in kinds), None)


def answer(context: StudyContext, rows: Sequence[Row], costs: Sequence[Mapping[str, Any]]) -> str:
    """Say whether to use the proposed method.

    The score is that with the fewest labelled tiles. The difference is that to the start of the
    method, or to the best other method where it has none.

    Args:
        context: The study.
        rows: See :func:`summarise`.
        costs: Minutes of each pretraining, see :func:`pretraining_costs`.

    Returns:
        A sentence; with too few seeds, what to run.
    """
    study, kind = context.study, main_kind(context.study, rows)
    ours = study.methods[study.proposed]
    least = curve(rows, kind, ours.name)[0] if kind else None
    one = (least.against_start or least.against_best) if least else None
    if least is None or one is None:
        return f'Cannot tell yet: {ours.title} has no scores that can be compared.'
    other = study.methods[one.other].title
    probed = '' if kind == 'finetune' else ', by a linear probe,'
    where = f'{SCORE} with {least.labels} labelled tiles{probed}'
    if one.interval is None:
        return (
            f'Cannot tell yet: {one.mean:+.3f} {where} for {ours.title} over {other}, from '
            f'{len(one.values)} seed{"s" * (len(one.values) > 1)}. {_more_seeds(context)}'
        )
    low, high = one.interval
    worth = equal_labels(study, rows, least.kind)
    return VERDICTS[one.verdict].format(
        do='Pretrain with' if ours.config else 'Start from',
        do_small='pretrain with' if ours.config else 'start from',
        ours=ours.title,
        start=other,
        gain=f'{one.mean:+.3f} {where} over {other} (95 % interval {low:+.3f} to {high:+.3f})',
        labels='' if worth is None else _labels_text(*worth, least.labels),
        rival=_rival_text(study, least, one),
        cost=_cost_text(study, costs),
        seeds=len(one.values),
        detectable=one.detectable,
        more=_more_labels_text(curve(rows, least.kind, ours.name)[1:]),
    )


def _more_labels_text(rows: Sequence[Row]) -> str:
    """Where the method is ahead with more labels."""
    compared = [(row.labels, row.against_start or row.against_best) for row in rows]
    ahead = [(labels, one.mean) for labels, one in compared if one and one.verdict == 'ahead']
    return f'. It is ahead with {ahead[0][0]} tiles, {ahead[0][1]:+.3f}' if ahead else ''


def _labels_text(how: str, count: float, used: int) -> str:
    """How many labels the gain is worth."""
    if how == 'about':
        return f', as much as labelling {count - used:.0f} more tiles'
    return f', more than labelling all {count:.0f} tiles' if how == 'more than' else ''


def _rival_text(study: Study, row: Row, shown: Difference) -> str:
    """How the method compares with the best other one."""
    best = row.against_best
    if best is None or best.other == shown.other or best.verdict not in RIVALS:
        return ''
    return RIVALS[best.verdict].format(study.methods[best.other].title, abs(best.mean))


def _cost_text(study: Study, costs: Sequence[Mapping[str, Any]]) -> str:
    """Mean minutes of the pretrainings that were not interrupted."""
    name = pretrained_as(study, study.methods[study.proposed])
    minutes = [row['minutes'] for row in costs if row['method'] == name and not row['resumed']]
    return f', for {mean(minutes):.1f} minutes of pretraining' if minutes else ''


def _more_seeds(context: StudyContext) -> str:
    """The seeds to run, and how long that takes."""
    before = list(context.study.seeds)
    seeds = [*before, *(seed for seed in range(ENOUGH) if seed not in before)]
    seeds = seeds[: max(ENOUGH, len(before))]
    if seeds == before and all(read_result(context, job) for job in context.plan):
        return (
            'All its labelled tiles are the same for every seed: choose fewer (labels), or more '
            'pretrain_seeds.'
        )
    time = minutes_to_run(context, seeds)
    time = f', {time}' if time else ''
    if seeds == before:
        return f'Let the study run to its end{time}.'
    listed = str(seeds).replace(' ', '')
    return f'Run {ENOUGH} seeds{time}: the same command with --cfg-options "seeds={listed}".'


def minutes_to_run(context: StudyContext, seeds: Sequence[int]) -> str:
    """Time that the jobs of more seeds take on this machine, by the finished ones.

    Args:
        context: The study.
        seeds: All seeds, also those that have been run. Probes of new lists of tiles run again.

    Returns:
        'about N minutes'; nothing if a kind of job has not been timed.
    """
    study = replace(context.study, seeds=seeds)
    counts = dict.fromkeys(count for count, _ in context.tiles.labelled)
    lists: dict[tuple[int, int], list[str]] = {(n, seed): [] for seed in seeds for n in counts}
    more = len(seeds) > len(context.study.seeds)
    times: dict[str, list[float]] = {}
    left: list[Job] = []
    for job in make_plan(study, replace(context.tiles, labelled=lists)):
        result = read_result(context, job)
        if result is not None:
            times.setdefault(job.kind, []).append(result['seconds'])
        if result is None or (more and job.kind == 'probe'):
            left.append(job)
    if not left or any(job.kind not in times for job in left):
        return ''
    seconds = sum(mean(times[job.kind]) for job in left)
    minutes = max(1, round(seconds / min(default_workers(), len(left)) / 60))
    return f'about {minutes} minute{"s" * (minutes > 1)}'
