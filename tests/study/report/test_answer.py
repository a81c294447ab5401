"""The sentence on top of a report."""

import json
from dataclasses import replace

import pytest

from glcnet_plugin.study.report import answer as module
from glcnet_plugin.study.report.answer import answer, main_kind, minutes_to_run
from glcnet_plugin.study.report.summary import summarise

COSTS = [
    {'method': 'glcnet', 'minutes': 3.0, 'resumed': False},
    {'method': 'glcnet', 'minutes': 4.0, 'resumed': False},
    {'method': 'glcnet', 'minutes': 0.1, 'resumed': True},  # since it was resumed
    {'method': 'simclr', 'minutes': 50.0, 'resumed': False},
]


@pytest.fixture
def said(context, score):
    """The answer for differences of GLCNet to random weights, one per seed."""

    def said(gains, kind='finetune', extra=(), costs=()):
        found = list(extra)
        for seed, gain in enumerate(gains):
            found.append(score(kind, 'random', 2, seed, 0.2))
            found.append(score(kind, 'glcnet', 2, seed, 0.2 + gain))
        return answer(context, summarise(context.study, found), costs)

    return said


def test_a_gain_has_its_interval_its_worth_in_labels_and_its_cost(context, scores):
    assert answer(context, summarise(context.study, scores), COSTS) == (
        'Pretrain with GLCNet: +0.100 Kappa with 2 labelled tiles over random weights (95 % '
        'interval +0.100 to +0.100), as much as labelling 6 more tiles, level with SimCLR, for '
        '3.5 minutes of pretraining.'
    )


def test_a_gain_beyond_all_labels(context, scores, score):
    better = [
        score(s.kind, s.method, s.labels, s.seed, s.scores['Kappa'] + 0.5 * (s.method == 'glcnet'))
        for s in scores
    ]
    text = answer(context, summarise(context.study, better), [])
    assert ', more than labelling all 16 tiles.' in text


@pytest.mark.parametrize(
    ('gains', 'start', 'end'),
    [
        ([0.02, -0.02, 0.01, -0.01, 0.0], 'No gain by GLCNet is shown, ',
         '5 seeds could have detected +0.027.'),
        ([-0.1] * 5, 'Stay with random weights: GLCNet is worse, -0.100 Kappa with 2', ').'),
        ([0.02, 0.001, 0.04, 0.001, 0.015], 'Perhaps pretrain with GLCNet: +0.015 Kappa',
         'this may be chance, so run more seeds.'),
        ([-0.02, -0.001, -0.04, -0.001, -0.015],
         'Stay with random weights: GLCNet is possibly worse, -0.015', ').'),
    ],
)  # fmt: skip
def test_other_verdicts(said, gains, start, end):
    text = said(gains)
    assert text.startswith(start) and text.endswith(end), text


def test_a_gain_with_more_labels_is_not_left_out(said, score):
    more = [
        score('finetune', method, 16, seed, value + 0.001 * seed)
        for seed in range(5)
        for method, value in (('random', 0.4), ('glcnet', 0.5))
    ]
    text = said([0.02, -0.02, 0.01, -0.01, 0.0], extra=more)
    assert text.startswith('No gain by GLCNet is shown, +0.000 Kappa with 2 labelled tiles')
    assert text.endswith('detected +0.027. It is ahead with 16 tiles, +0.100.')


def test_a_better_method_is_named(said, score):
    best = [score('finetune', 'simclr', 2, seed, 0.5) for seed in range(5)]
    assert ', but SimCLR is ahead of it by 0.200.' in said([0.1] * 5, extra=best)


def test_without_fine_tuning_the_first_probe_answers(said):
    text = said([0.1] * 5, kind='probe_last')
    assert '+0.100 Kappa with 2 labelled tiles, by a linear probe, over random weights' in text


def test_too_few_seeds_name_what_to_run(said):
    assert said([0.1, 0.2]) == (
        'Cannot tell yet: +0.150 Kappa with 2 labelled tiles for GLCNet over random weights, from '
        '2 seeds. Run 5 seeds: the same command with --cfg-options "seeds=[0,1,2,3,4]".'
    )
    assert 'from 1 seed. Run' in said([0.1])


def test_no_scores(context):
    assert main_kind(context.study, []) is None
    assert answer(context, [], []) == (
        'Cannot tell yet: GLCNet has no scores that can be compared.'
    )


def test_a_study_that_is_not_finished_goes_on(context, score):
    context = replace(context, study=replace(context.study, seeds=[0, 1, 2, 3, 4]))
    found = [score('finetune', name, 2, 0, 0.2) for name in ('random', 'glcnet')]
    text = answer(context, summarise(context.study, found), [])
    assert text.endswith('from 1 seed. Let the study run to its end.')


def test_seeds_that_differ_in_nothing_are_not_asked_for(context, score):
    context = replace(context, study=replace(context.study, seeds=[0, 1, 2, 3, 4]), plan=[])
    copies = [
        replace(score('probe', name, 2, seed, 0.2), origin='all tiles')
        for name in ('random', 'glcnet')
        for seed in range(5)
    ]
    text = answer(context, summarise(context.study, copies), [])
    assert text.endswith(
        'from 1 seed. All its labelled tiles are the same for every seed: choose fewer (labels), '
        'or more pretrain_seeds.'
    )


def test_time_of_more_seeds_is_that_of_the_finished_jobs(context, monkeypatch):
    monkeypatch.setattr(module, 'default_workers', lambda: 2)
    assert minutes_to_run(context, [0, 1, 2, 3, 4]) == ''  # nothing is timed
    seconds = {'pretrain': 600, 'probe': 60, 'finetune': 120}
    for job in context.plan:
        context.folder_of(job).mkdir(parents=True)
        result = context.folder_of(job) / 'metrics.json'
        result.write_text(json.dumps({'seconds': seconds[job.kind]}))
    # 3 more seeds of 3 methods with 2 numbers of labels; all probes: 5 of random weights, 2 others
    minutes = (3 * 3 * 2 * 120 + (5 + 2) * 60) / 2 / 60
    assert minutes_to_run(context, [0, 1, 2, 3, 4]) == f'about {minutes:.0f} minutes'
    assert minutes_to_run(context, [0, 1]) == ''  # all done
