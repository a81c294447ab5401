"""Results of a study as sentences and Markdown."""

from collections.abc import Mapping, Sequence

from glcnet_plugin.study.report.differences import Difference
from glcnet_plugin.study.report.labels_saved import labels_saved
from glcnet_plugin.study.report.statistics import ENOUGH
from glcnet_plugin.study.report.summary import SCORE, SCORE_KINDS, Row
from glcnet_plugin.study.settings import Study

TITLES = {
    'finetune': 'fine-tuned',
    'probe': 'linear probe, all backbone stages and encoder map',
    'probe_deep': 'linear probe, last stage and encoder map',
    'probe_last': 'linear probe, last backbone stage',
    'probe_dense': 'linear probe, dense map',
    'probe_all': 'linear probe, all stages, encoder map and dense map',
}
_PROBE = 'A linear classifier of single pixels is fitted to frozen features: '
EXPLAINED = {
    'finetune': 'The whole network is trained on the labelled tiles, from the weights of a method.',
    'probe': f'{_PROBE}those of all stages of the backbone, and the map of the encoder where the '
    'network has one.',
    'probe_deep': f'{_PROBE}those of the last stage of the backbone, and the map of the encoder.',
    'probe_last': f'{_PROBE}those of the last stage of the backbone.',
    'probe_dense': f'{_PROBE}the map of the decoder, for methods that pretrain one.',
    'probe_all': f'{_PROBE}those of all stages, of the encoder, and of the decoder where a method '
    'pretrains one. Other methods have the scores of all stages and encoder map.',
}
TERMS = {
    'Kappa': 'agreement with the truth beyond chance: 1 is perfect, 0 is chance',
    'mIoU': 'intersection over union of prediction and truth, mean over the classes',
    'OA': 'overall accuracy: share of the pixels that are right',
    'start': 'what the pretraining of a method started from: random or existing weights',
    'best other': 'the method of another family with the highest mean',
    '±': 'standard deviation over the seeds',
    '[low, high]': '95 % bootstrap interval of the mean difference of Kappa, seed by seed',
    'ahead, behind': 'the interval excludes 0, also after correction for the number of comparisons',
    'possibly': 'the interval excludes 0, but not after that correction',
    'tied': 'the interval contains 0',
    'seed': 'a draw of labelled tiles and of the random numbers of training',
}


def answers(study: Study, rows: Sequence[Row]) -> list[str]:
    """State the gain of the proposed method, for every kind and number of labelled tiles.

    Args:
        study: The study.
        rows: See :func:`summarise`.

    Returns:
        Sentences.
    """
    sentences = []
    title = study.methods[study.proposed].title
    for kind in SCORE_KINDS:
        for row in rows:
            if (row.kind, row.method) != (kind, study.proposed):
                continue
            parts = [
                f'{difference_text(one)} against {study.methods[one.other].title}'
                + (f' ({_seeds_text([one])} could have detected {one.detectable:+.3f})'
                   if one.verdict == 'tie' else '')
                for one in _differences(row)
            ]  # fmt: skip
            if parts:
                sentences.append(f'{TITLES[kind]}, {row.labels} labelled tiles: {title} is '
                                 f'{"; ".join(parts)}.')  # fmt: skip
        if (saved := labels_saved(study, rows, kind)) is not None:
            sentences.append(f'{TITLES[kind]}: {saved}')
    return sentences


def _differences(row: Row) -> list[Difference]:
    """Differences to the start and to the best baseline; one if these are the same."""
    both = [row.against_start, row.against_best]
    return list({one.other: one for one in both if one is not None}.values())


def difference_text(one: Difference) -> str:
    """Verdict, mean difference and interval."""
    interval = one.interval
    if interval is None:
        return f'{one.mean:+.3f} ({_seeds_text([one])}: too few for an interval)'
    label = 'tied at' if one.verdict == 'tie' else f'{one.verdict} by'
    low, high = interval
    return f'{label} {one.mean:+.3f} [{low:+.3f}, {high:+.3f}]'


def detectable_text(rows: Sequence[Row]) -> str | None:
    """State which differences to the start the seeds of a table could have detected.

    Args:
        rows: Of one kind.

    Returns:
        A sentence with the range over the methods, by number of labelled tiles; None without
        differences of two seeds or more.
    """
    compared = [
        (row.labels, row.against_start, detectable)
        for row in rows
        if row.against_start and (detectable := row.against_start.detectable) is not None
    ]
    if not compared:
        return None
    found: dict[int, list[float]] = {}
    for labels, _, detectable in compared:
        found.setdefault(labels, []).append(detectable)
    parts = [f'{_range(own, "+.3f")} with {labels} tiles' for labels, own in found.items()]
    return (
        f'{_seeds_text([one for _, one, _ in compared])} could have detected differences to '
        f'the start of {", ".join(parts)} (power 0.8).'
    )


def _seeds_text(differences: Sequence[Difference]) -> str:
    """Number of seeds, or the smallest and the largest one."""
    counts = [len(one.values) for one in differences]
    return f'{_range(counts, "d")} seed{"s" * (max(counts) > 1)}'


def _range(values: Sequence[float], form: str) -> str:
    """The smallest and the largest value, once if they look the same."""
    return ' to '.join(dict.fromkeys(format(end, form) for end in (min(values), max(values))))


def caveats(study: Study, rows: Sequence[Row]) -> list[str]:
    """State the limits of the conclusions.

    Args:
        study: The study.
        rows: See :func:`summarise`.

    Returns:
        Sentences.
    """
    sentences = [
        'A difference is a tie if its 95 % interval contains 0. The interval is that of the mean '
        'over seeds; each seed draws the labelled tiles and the random numbers of training, with '
        'the same tiles for all methods. With five seeds such an interval contains the true mean '
        'in about 92 of 100 cases, so about one in twelve intervals is wrong by chance.',
        'Ahead or behind means that the difference also holds after correction for the number of '
        'comparisons: paired t-tests, whose p-values are adjusted by the method of Holm over all '
        'differences of a table to the start, and over all others to the best other method, must '
        'be at most 0.05. Possibly ahead or behind means that the interval excludes 0, but the '
        'adjusted p-value is larger: the difference may be one of those that occur by chance.',
        'A tie does not show that two methods are equal. With a true difference as large as the '
        'one that the seeds could have detected, a single t-test at 5 % finds it in 8 of 10 cases '
        '(power 0.8); correction makes that less often.',
        'All scores are from the same held-out tiles: other places may differ by more than the '
        'intervals. No checkpoint was selected by these scores; the last one is scored.',
        'The best other method is chosen by these same scores, which favours it.',
    ]
    sentences.append(
        'The start of a method is what its pretraining started from: random weights, or existing '
        'ones such as those of ImageNet. Existing weights are compared with random ones.'
    )
    if kept := [m.title for m in study.methods.values() if m.uses_tile_statistics]:
        sentences.append(
            'The statistics of batch normalisation are those of the training tiles for '
            f'{", ".join(kept)}, and those that came with the weights for all others.'
        )
    if len(study.used_pretrain_seeds) < len(study.seeds):
        count = len(study.used_pretrain_seeds)
        sentences.append(
            f'Every method was pretrained {count} time{"s" * (count > 1)} for {len(study.seeds)} '
            'seeds: intervals and tests do not include all the variance of pretraining, so a lead '
            'over another pretrained method is less certain than they suggest.'
        )
    return [*sentences, *_few_seeds(study, rows), *study.notes]


def _few_seeds(study: Study, rows: Sequence[Row]) -> list[str]:
    """Say where there are too few scores for an interval."""
    seeds = min((row.seeds for row in rows), default=0)
    if seeds >= ENOUGH:
        return []
    if len(study.seeds) < ENOUGH or all(row.seeds < ENOUGH for row in rows):
        return [
            f'{seeds} seeds are too few for an interval ({ENOUGH} are needed): no difference in '
            'this study is more than a hint.'
        ]
    few = ', '.join(map(str, sorted({row.labels for row in rows if row.seeds < ENOUGH})))
    return [
        f'With {few} labelled tiles, some methods have fewer than {ENOUGH} scores, which are too '
        'few for an interval. Where all seeds label the same tiles, a probe of the same weights '
        'has the same score: it counts once, and only more pretrain_seeds give more.'
    ]


def markdown(study: Study, rows: Sequence[Row]) -> str:
    """Tables in Markdown: a row per method, a column per number of labelled tiles."""
    lines = []
    for kind in SCORE_KINDS:
        own = [row for row in rows if row.kind == kind]
        if not own:
            continue
        labels = sorted({row.labels for row in own})
        lines += [f'**{TITLES[kind]}**: {SCORE}, and the difference to the start', '']
        lines.append(f'| method | {" | ".join(f"{n} tiles" for n in labels)} |')
        lines.append('|---' * (len(labels) + 1) + '|')
        for name, method in study.methods.items():
            by = {row.labels: row for row in own if row.method == name}
            if by:
                cells = [cell_text(by[n], len(study.seeds)) if n in by else '-' for n in labels]
                lines.append(f'| {method.title} | {" | ".join(cells)} |')
        lines.append('')
        if (sentence := detectable_text(own)) is not None:
            lines += [sentence, '']
    return '\n'.join(lines)


def cell_text(row: Row, seeds: int) -> str:
    """Mean, deviation and difference to the start; the number of seeds if some are missing."""
    deviation = row.deviation()
    text = f'{row.mean():.3f}' + (f' ± {deviation:.3f}' if deviation is not None else '')
    if row.against_start is not None:
        one = row.against_start
        mark = '?' if one.interval is None else one.verdict
        text += f' ({one.mean:+.3f}, {mark})'
    return text if row.seeds == seeds else f'{text}, {row.seeds} seed{"s" * (row.seeds > 1)}'


def scopes_text(study: Study) -> list[str]:
    """Which part of each method is loaded by the fine-tuning and the probes."""
    by_scope: dict[str, list[str]] = {}
    for method in study.methods.values():
        if method.trained:
            by_scope.setdefault(method.scope, []).append(method.title)
    return [f'{scope.replace("_", " + ")}: {", ".join(names)}' for scope, names in by_scope.items()]


def exceptions_text(study: Study, used: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Exceptions to the common protocol, and what is unknown about it, as sentences."""
    stated = [
        f'{study.methods[name].title}: {key}: {reason}'
        for name, keys in used.items()
        for key, reason in keys.items()
    ]
    return stated + [
        f'{method.title}: pretrained elsewhere ({method.checkpoint}): its images, which may show '
        'held-out ground, views, schedule and normalisation are unknown'
        for method in study.methods.values()
        if method.checkpoint is not None and method.config is None
    ]
