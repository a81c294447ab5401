"""What follows from a study and what does not, in words, Markdown and CSV."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from glcnet_plugin.study.report.statistics import ENOUGH
from glcnet_plugin.study.report.summary import KINDS, SCORE, Difference, Row, labels_saved
from glcnet_plugin.study.settings import Study

TITLES = {
    'finetune': 'fine-tuned',
    'probe': 'linear probe, all backbone stages and encoder map',
    'probe_deep': 'linear probe, last stage and encoder map',
    'probe_last': 'linear probe, last backbone stage',
    'probe_dense': 'linear probe, dense map',
}
MARKS = {'ahead': 'ahead', 'behind': 'behind', 'tie': 'tie', 'too few seeds': '?'}


def answers(study: Study, rows: Sequence[Row]) -> list[str]:
    """Say what the reference gains, for every kind and number of labelled tiles.

    Args:
        study: The study.
        rows: See :func:`summarise`.

    Returns:
        Sentences.
    """
    found = []
    title = study.methods[study.reference].title
    for kind in KINDS:
        for row in rows:
            if (row.kind, row.method) != (kind, study.reference):
                continue
            parts = [
                f'{difference_text(one)} against {study.methods[one.other].title}'
                for one in _differences(row)
            ]
            if parts:
                found.append(f'{TITLES[kind]}, {row.labels} labelled tiles: {title} is '
                             f'{"; ".join(parts)}.')  # fmt: skip
        if (saved := labels_saved(study, rows, kind)) is not None:
            found.append(f'{TITLES[kind]}: {saved}')
    return found


def _differences(row: Row) -> list[Difference]:
    """Against random weights and against the best baseline, each other method once."""
    both = [row.against_random, row.against_best]
    return list({one.other: one for one in both if one is not None}.values())


def difference_text(one: Difference) -> str:
    """Verdict, mean difference and interval."""
    interval = one.interval
    if interval is None:
        count = len(one.values)
        return f'{one.mean:+.3f} ({count} seed{"s" * (count > 1)}: too few for an interval)'
    words = {'ahead': 'ahead by', 'behind': 'behind by', 'tie': 'in a tie, at'}[one.verdict]
    low, high = interval
    return f'{words} {one.mean:+.3f} [{low:+.3f}, {high:+.3f}]'


def caveats(study: Study, rows: Sequence[Row]) -> list[str]:
    """What does not follow.

    Args:
        study: The study.
        rows: See :func:`summarise`.

    Returns:
        Sentences.
    """
    found = [
        'A difference is called a tie where its 95 % interval holds 0. Intervals are of the mean '
        'over seeds; each seed draws the labelled tiles and the random numbers of training, the '
        'same tiles for all methods. With five seeds such an interval holds the true mean in about '
        '92 of 100 cases: of a dozen comparisons, one is wrong by chance.',
        'All scores are of the same held-out tiles: other places may differ by more than the '
        'intervals say. No checkpoint was chosen by them; the last one counts.',
        'The best baseline is the one that came out best here, which favours it.',
    ]
    if len(study.used_pretrain_seeds) < len(study.seeds):
        count = len(study.used_pretrain_seeds)
        found.append(
            f'Every method was pretrained {count} time{"s" * (count > 1)} for {len(study.seeds)} '
            'seeds: the intervals do not hold all the luck of a pretraining, so a lead over '
            'another pretrained method is weaker than they say.'
        )
    seeds = min((row.seeds for row in rows), default=0)
    if seeds < ENOUGH:
        found.append(
            f'{seeds} seeds are too few for an interval ({ENOUGH} are needed): no difference of '
            'this study is more than a hint.'
        )
    return [*found, *study.notes]


def markdown(study: Study, rows: Sequence[Row]) -> str:
    """Tables in Markdown: a row per method, a column per number of labelled tiles."""
    lines = []
    for kind in KINDS:
        own = [row for row in rows if row.kind == kind]
        if not own:
            continue
        labels = sorted({row.labels for row in own})
        lines += [f'**{TITLES[kind]}**: {SCORE}, and the difference to random weights', '']
        lines.append(f'| method | {" | ".join(f"{n} tiles" for n in labels)} |')
        lines.append('|---' * (len(labels) + 1) + '|')
        for name, method in study.methods.items():
            by = {row.labels: row for row in own if row.method == name}
            if by:
                cells = [cell_text(by[n], len(study.seeds)) if n in by else '-' for n in labels]
                lines.append(f'| {method.title} | {" | ".join(cells)} |')
        lines.append('')
    return '\n'.join(lines)


def cell_text(row: Row, seeds: int) -> str:
    """Mean, deviation and what it is against random weights; of fewer seeds, how many."""
    deviation = row.deviation()
    text = f'{row.mean():.3f}' + (f' ± {deviation:.3f}' if deviation is not None else '')
    if row.against_random is not None:
        one = row.against_random
        text += f' ({one.mean:+.3f}, {MARKS[one.verdict]})'
    return text if row.seeds == seeds else f'{text}, {row.seeds} seeds'


def csv_table(study: Study, rows: Iterable[Row]) -> str:
    """One line per row, with all numbers."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator='\n')
    names = ('OA', 'Kappa', 'mIoU')
    comparison = ('other', 'difference', 'low', 'high', 'verdict')
    writer.writerow([
        'kind', 'method', 'network', 'labelled_tiles', 'seeds',
        *(f'{name}_{part}' for name in names for part in ('mean', 'std')),
        *(f'random_{part}' for part in comparison), *(f'best_{part}' for part in comparison),
    ])  # fmt: skip
    for row in rows:
        values: list[object] = [row.kind, row.method, study.methods[row.method].network,
                                row.labels, row.seeds]  # fmt: skip
        for name in names:
            deviation = row.deviation(name)
            values += [f'{row.mean(name):.4f}', '' if deviation is None else f'{deviation:.4f}']
        for one in (row.against_random, row.against_best):
            values += ['', '', '', '', ''] if one is None else _columns(one)
        writer.writerow(values)
    return file.getvalue()


def _columns(one: Difference) -> list[str]:
    """A difference in five columns."""
    interval = one.interval or ('', '')
    ends = [f'{end:.4f}' if end != '' else '' for end in interval]
    return [one.other, f'{one.mean:.4f}', *ends, one.verdict]


def scopes_text(study: Study) -> list[str]:
    """What the fine-tuning and the probes load of each method, in words."""
    by_scope: dict[str, list[str]] = {}
    for method in study.methods.values():
        if method.trained:
            by_scope.setdefault(method.scope, []).append(method.title)
    return [f'{scope.replace("_", " + ")}: {", ".join(names)}' for scope, names in by_scope.items()]


def exceptions_text(study: Study, used: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Exceptions to the common protocol, in words."""
    return [
        f'{study.methods[name].title}: {key}: {reason}'
        for name, keys in used.items()
        for key, reason in keys.items()
    ]
