import pytest

from glcnet_plugin.study.report.summary import (
    Score,
    curve,
    labels_saved,
    read_scores,
    summarise,
)
from glcnet_plugin.study.settings import read_study


def score(kind, method, labels, seed, kappa):
    return Score(kind, method, labels, seed, {'OA': 0.9, 'Kappa': kappa, 'mIoU': 0.3}, [[1]])


@pytest.fixture
def scores():
    """Five seeds: GLCNet 0.1 above random weights with 2 tiles, SimCLR about as good as GLCNet."""
    found = []
    for seed in range(5):
        base = 0.2 + 0.01 * seed
        found += [
            score('finetune', 'random', 2, seed, base),
            score('finetune', 'random', 4, seed, base + 0.05),
            score('finetune', 'random', 16, seed, base + 0.15),
            score('finetune', 'glcnet', 2, seed, base + 0.1),
            score('finetune', 'simclr', 2, seed, base + 0.1 + (-1) ** seed * 0.01),
        ]
    return found


def by_method(rows, labels=2):
    return {row.method: row for row in rows if row.labels == labels}


def test_methods_are_compared_seed_by_seed(study, scores):
    rows = by_method(summarise(study, scores))
    ours = rows['glcnet']
    assert ours.seeds == 5 and ours.mean() == pytest.approx(0.32)
    assert ours.deviation() == pytest.approx(0.01 * 2.5**0.5)
    assert ours.against_random.other == 'random'
    assert ours.against_random.values == pytest.approx([0.1] * 5)
    assert ours.against_random.verdict == 'ahead'
    assert ours.against_best.other == 'simclr' and ours.against_best.verdict == 'tie'
    assert rows['random'].against_random is None and rows['random'].against_best.other == 'simclr'


def test_only_seeds_that_both_have_are_compared(study, scores):
    kept = [s for s in scores if not (s.method == 'random' and s.seed > 1)]
    row = by_method(summarise(study, kept))['glcnet']
    assert row.seeds == 5 and len(row.against_random.values) == 2
    assert row.against_random.interval is None and row.against_random.verdict == 'too few seeds'


def test_one_lucky_seed_makes_no_best_baseline(study, scores):
    kept = [s for s in scores if s.method != 'simclr' or s.seed == 0]
    assert by_method(summarise(study, kept))['glcnet'].against_best.other == 'random'


def test_variants_of_a_method_are_no_baselines_of_it(study_file, scores):
    options = {'methods.simclr.family': 'glcnet'}
    study = read_study(study_file, options=options)
    assert by_method(summarise(study, scores))['glcnet'].against_best.other == 'random'


def test_labels_saved_are_read_off_the_curve_of_random_weights(study, scores):
    rows = summarise(study, scores)
    assert [row.labels for row in curve(rows, 'finetune', 'random')] == [2, 4, 16]
    text = labels_saved(study, rows, 'finetune')
    # 0.32 lies half way between 0.27 with 4 and 0.37 with 16 tiles: about 8
    assert text == (
        'GLCNet reaches Kappa 0.320 with 2 labelled tiles; random weights need about 8, 4.0 '
        'times as many.'
    )
    assert labels_saved(study, rows, 'probe') is None


@pytest.mark.parametrize(
    ('gain', 'said'),
    [(-0.1, 'GLCNet is not ahead of random weights, so no saving'), (0.5, 'reach it with all 16')],
)
def test_labels_saved_beyond_the_curve(study, scores, gain, said):
    changed = [
        score(s.kind, s.method, s.labels, s.seed, s.scores['Kappa'] + gain * (s.method == 'glcnet'))
        for s in scores
    ]
    assert said in labels_saved(study, summarise(study, changed), 'finetune')


def test_a_curve_that_falls_tells_nothing(study, scores):
    changed = [
        score(s.kind, s.method, s.labels, s.seed, s.scores['Kappa'] - 0.15 * (s.labels == 16))
        for s in scores
    ]
    text = labels_saved(study, summarise(study, changed), 'finetune')
    assert text.startswith(
        'the Kappa of random weights falls from 0.270 to 0.220 at 16 labelled tiles'
    )


def test_scores_are_read_from_finished_jobs(context):
    import json

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
