"""How many labels a gain is worth."""

from collections.abc import Sequence
from itertools import pairwise

from glcnet_plugin.study.report.statistics import labels_to_reach
from glcnet_plugin.study.report.summary import Row, curve
from glcnet_plugin.study.settings import Study


def _compared_curves(
    study: Study, rows: Sequence[Row], kind: str
) -> tuple[Row, list[Row], bool] | None:
    """The proposed method with the fewest labels, its start with all, and whether it is ahead.

    None where there is nothing to compare.
    """
    name = study.start_of(study.methods[study.proposed])
    ours = curve(rows, kind, study.proposed)
    theirs = curve(rows, kind, name) if name else []
    if len(theirs) < 2 or not ours or theirs[0].labels != ours[0].labels:
        return None
    one = ours[0].against_start
    return None if one is None else (ours[0], theirs, one.verdict == 'ahead')


def equal_labels(study: Study, rows: Sequence[Row], kind: str) -> tuple[str, float] | None:
    """Labels that the start needs for what the proposed method reaches with the fewest.

    Args:
        study: The study.
        rows: See :func:`summarise`.
        kind: Fine-tuning or a probe.

    Returns:
        See :func:`labels_to_reach`; None where there is nothing to compare, the method is not
        ahead, or more labels lower the score of the start.
    """
    if (found := _compared_curves(study, rows, kind)) is None:
        return None
    least, theirs, ahead = found
    means = [row.mean() for row in theirs]
    if not ahead or any(after < before for before, after in pairwise(means)):
        return None
    return labels_to_reach(least.mean(), [row.labels for row in theirs], means)


def labels_saved(study: Study, rows: Sequence[Row], kind: str) -> str | None:
    """How many labels the start needs to match the proposed method with the fewest labels.

    Args:
        study: The study.
        rows: See :func:`summarise`.
        kind: Fine-tuning or a probe.

    Returns:
        A sentence; None where there is nothing to compare.
    """
    if (found := _compared_curves(study, rows, kind)) is None:
        return None
    least, theirs, ahead = found
    title, other = study.methods[study.proposed].title, study.methods[theirs[0].method].title
    if (needed := equal_labels(study, rows, kind)) is not None:
        how, count = needed
        text = f'{title} reaches Kappa {least.mean():.3f} with {least.labels} labelled tiles;'
        if how == 'more than':
            return f'{text} {other}: not reached with all {count:.0f}.'
        return f'{text} {other}: with about {count:.0f}, {count / least.labels:.1f} times as many.'
    for before, after in pairwise(theirs):
        if ahead and after.mean() < before.mean():
            return (
                f'the Kappa of {other} falls from {before.mean():.3f} to {after.mean():.3f} at '
                f'{after.labels} labelled tiles, so no saving of labels can be given. Is the '
                'fine-tuning too short, or are the few labels more varied than the many?'
            )
    return (
        f'with {least.labels} labelled tiles {title} is not ahead of {other} after correction, so '
        'no saving of labels can be given.'
    )
