import json
import random
from dataclasses import replace

import pytest
from scipy import stats

from glcnet_plugin.study.context import prepare_study
from glcnet_plugin.study.report.summary import (
    read_scores,
    summarise,
)
from glcnet_plugin.study.settings import read_study


def by_method(rows, labels=2):
    return {row.method: row for row in rows if row.labels == labels}


def test_methods_are_compared_seed_by_seed(study, scores):
    rows = by_method(summarise(study, scores))
    ours = rows['glcnet']
    assert ours.seeds == 5 and ours.mean() == pytest.approx(0.32)
    assert ours.deviation() == pytest.approx(0.01 * 2.5**0.5)
    assert ours.against_start.other == 'random'
    assert ours.against_start.values == pytest.approx([0.1] * 5)
    assert ours.against_start.verdict == 'ahead'
    assert ours.against_best.other == 'simclr' and ours.against_best.verdict == 'tie'
    assert rows['random'].against_start is None and rows['random'].against_best.other == 'simclr'


def test_only_seeds_that_both_have_are_compared(study, scores):
    kept = [s for s in scores if not (s.method == 'random' and s.seed > 1)]
    row = by_method(summarise(study, kept))['glcnet']
    assert row.seeds == 5 and len(row.against_start.values) == 2
    assert row.against_start.interval is None and row.against_start.verdict == 'too few seeds'


def test_scores_of_one_seed_are_paired_in_any_order(study, score):
    """Each seed has its own labelled tiles, which are the same for all methods."""
    base = [0.1, 0.5, 0.3, 0.2, 0.4]
    found = [score('finetune', 'random', 2, seed, base[seed]) for seed in (0, 1, 3, 4)]
    found += [score('finetune', 'glcnet', 2, seed, base[seed] + 0.01 * seed) for seed in range(5)]
    random.Random(0).shuffle(found)
    one = by_method(summarise(study, found))['glcnet'].against_start
    assert one.values == pytest.approx([0, 0.01, 0.03, 0.04])


def test_p_values_are_corrected_over_the_numbers_of_labels_of_a_kind(study, score):
    """Each pair counts once, though the start and the best method are compared twice."""
    spread = [-0.02, -0.01, 0.0, 0.01, 0.02]
    gains = {('finetune', 2): 0.07, ('finetune', 4): 0.05, ('probe', 2): 0.022}
    found = []
    for (kind, labels), gain in gains.items():
        for seed, noise in enumerate(spread):
            found += [
                score(kind, 'random', labels, seed, 0.5),
                score(kind, 'glcnet', labels, seed, 0.5 + gain + noise),
                score(kind, 'simclr', labels, seed, 0.5 + gain / 4 + noise / 2),
            ]
    rows = summarise(study, found)
    # the statistic is t = gain / (0.0158 / sqrt(5)), and half as large for SimCLR
    p_values = {
        (kind, labels, method): 2 * stats.t.sf(gain * share * 5**0.5 / 0.00025**0.5, 4)
        for (kind, labels), gain in gains.items()
        for method, share in (('glcnet', 1), ('simclr', 1 / 2))
    }
    smallest = dict.fromkeys(('finetune', 'probe'), 0)
    left = {'finetune': 4, 'probe': 2}
    for key in sorted(p_values, key=p_values.get):
        smallest[key[0]] = max(smallest[key[0]], left[key[0]] * p_values[key])
        left[key[0]] -= 1
        (row,) = (row for row in rows if (row.kind, row.labels, row.method) == key)
        assert row.against_start.adjusted == pytest.approx(min(1, smallest[row.kind]))
        other = by_method([r for r in rows if r.kind == row.kind], row.labels)['random']
        if row.method == 'glcnet':
            assert other.against_best.adjusted == row.against_start.adjusted
    verdicts = [row.against_start.verdict for row in rows if row.method == 'glcnet']
    assert verdicts == ['ahead', 'ahead', 'possibly ahead']
    # the second family: GLCNet against SimCLR, 3/4 of the gain with half of the spread
    p_value = 2 * stats.t.sf(0.07 * 1.5 * 5**0.5 / 0.00025**0.5, 4)
    tuned = by_method([row for row in rows if row.kind == 'finetune'])
    assert tuned['glcnet'].against_best.adjusted == pytest.approx(2 * p_value)
    assert tuned['simclr'].against_best.adjusted == tuned['glcnet'].against_best.adjusted


def test_a_single_seed_does_not_count_in_the_correction(study, scores, score):
    alone = [score('probe', name, 2, 0, 0.3) for name in ('random', 'glcnet')]
    with_it = summarise(study, [*scores, *alone])
    assert with_it[: len(summarise(study, scores))] == summarise(study, scores)
    assert by_method(with_it[-2:])['glcnet'].against_start.adjusted is None


def test_one_lucky_seed_makes_no_best_baseline(study, scores):
    kept = [s for s in scores if s.method != 'simclr' or s.seed == 0]
    assert by_method(summarise(study, kept))['glcnet'].against_best.other == 'random'


def test_variants_of_a_method_are_no_baselines_of_it(study_file, scores):
    options = {'methods.simclr.family': 'glcnet'}
    study = read_study(study_file, options=options)
    assert by_method(summarise(study, scores))['glcnet'].against_best.other == 'random'


def test_scores_are_read_from_finished_jobs(context):
    found = {
        'finetune/glcnet/2tiles/seed1': {'scores': {'Kappa': 0.4}, 'hist': [[2]]},
        'probe/random/seed0': {
            'rows': [{'kind': 'probe', 'labels': 4, 'seed': 0, 'scores': {'Kappa': 0.1},
                      'hist': [[3]]}]
        },
        'pretrain/glcnet/seed0': {'steps': 2},
    }  # fmt: skip
    for name, result in found.items():
        (context.folder / name).mkdir(parents=True)
        (context.folder / name / 'metrics.json').write_text(json.dumps(result))
    assert {(s.kind, s.method, s.labels, s.seed) for s in read_scores(context)} == {
        ('finetune', 'glcnet', 2, 1), ('probe', 'random', 4, 0),
    }  # fmt: skip


def test_without_a_decoder_all_features_are_those_of_the_probe(context):
    """So methods that pretrain a decoder meet those that do not by all that each has."""

    def rows(**kinds):
        return {'rows': [{'kind': kind, 'labels': 4, 'seed': 0, 'scores': {'Kappa': kappa},
                          'hist': [[3]]} for kind, kappa in kinds.items()]}  # fmt: skip

    def save(name, result):
        (context.folder / name).mkdir(parents=True)
        (context.folder / name / 'metrics.json').write_text(json.dumps(result))

    def read():
        return {(s.kind, s.method): s.scores['Kappa'] for s in read_scores(context)}

    save('probe/random/seed0', rows(probe=0.1, probe_last=0.2))
    assert set(read()) == {('probe', 'random'), ('probe_last', 'random')}
    save('probe/glcnet/seed0', rows(probe=0.3, probe_dense=0.4, probe_all=0.5))
    found = read()
    assert found['probe_all', 'random'] == 0.1 and found['probe_all', 'glcnet'] == 0.5
    assert ('probe_dense', 'random') not in found
    # probed by an earlier version: its decoder is unknown, not missing
    save('probe/simclr/seed0', rows(probe=0.2, probe_dense=0.4))
    assert ('probe_all', 'simclr') not in read()


def test_copies_of_a_score_count_once(study, score):
    """All tiles are labelled: a probe differs between seeds only by its weights."""
    kappas = {'random': [0.2, 0.3, 0.1, 0.2, 0.4], 'glcnet': [0.5, 0.6], 'simclr': [0.4]}
    found = [
        replace(
            score('probe', method, 4, seed, own[seed % len(own)]),
            origin=f'weights {seed % len(own)}',
        )
        for method, own in kappas.items()
        for seed in range(5)
    ]
    rows = by_method(summarise(study, found), labels=4)
    assert {name: row.seeds for name, row in rows.items()} == {
        'random': 5, 'glcnet': 2, 'simclr': 1,
    }  # fmt: skip
    assert rows['glcnet'].mean() == pytest.approx(0.55) and rows['simclr'].deviation() is None
    against_random = rows['glcnet'].against_start.values
    assert against_random == pytest.approx([0.3, 0.3, 0.4, 0.4, 0.1])
    against_simclr = rows['glcnet'].against_best
    assert against_simclr.other == 'simclr'
    assert against_simclr.values == pytest.approx([0.1, 0.2])
    assert against_simclr.verdict == 'too few seeds'


def test_probes_of_the_same_tiles_and_weights_are_copies(study_file, tmp_path):
    study = read_study(study_file, options={'labels': ['2', '100%'], 'seeds': [0, 1, 2]})
    context = prepare_study(replace(study, pretrain_seeds=[0, 1]), tmp_path / 'all')
    everything = len(context.tiles.train)
    kinds = [(labels, seed) for labels in (2, everything) for seed in range(3)]
    for job in context.plan:
        if job.kind == 'pretrain':
            continue
        rows = [
            {'kind': 'probe', 'labels': labels, 'seed': seed, 'scores': {'Kappa': 0.1},
             'hist': [[3]]}
            for labels, seed in kinds
        ]  # fmt: skip
        alone = {'scores': {'Kappa': 0.4}, 'hist': [[2]]}
        result = {'rows': rows} if job.kind == 'probe' else alone
        context.folder_of(job).mkdir(parents=True)
        (context.folder_of(job) / 'metrics.json').write_text(json.dumps(result))
    origins = {}
    for one in read_scores(context):
        if one.method == 'glcnet' and one.kind == 'probe':
            origins.setdefault(one.labels, set()).add(one.origin)
        if one.kind == 'finetune':
            assert one.origin == ''
    # two pretrainings, with three lists of two tiles each here, and the same list of all tiles
    assert {labels: len(found) for labels, found in origins.items()} == {2: 6, everything: 2}
