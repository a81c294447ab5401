import pytest

from glcnet_plugin.study.report.labels_saved import equal_labels, labels_saved
from glcnet_plugin.study.report.summary import curve, summarise


def test_labels_saved_are_read_off_the_curve_of_random_weights(study, scores):
    rows = summarise(study, scores)
    assert [row.labels for row in curve(rows, 'finetune', 'random')] == [2, 4, 16]
    text = labels_saved(study, rows, 'finetune')
    # 0.32 lies half way between 0.27 with 4 and 0.37 with 16 tiles: about 8
    assert text == (
        'GLCNet reaches Kappa 0.320 with 2 labelled tiles; random weights: with about 8, 4.0 '
        'times as many.'
    )
    assert equal_labels(study, rows, 'finetune') == ('about', pytest.approx(8))
    assert labels_saved(study, rows, 'probe') is equal_labels(study, rows, 'probe') is None


@pytest.mark.parametrize(
    ('gain', 'said'),
    [
        (-0.1, 'GLCNet is not ahead of random weights after correction, so no saving'),
        (0.5, 'not reached with all 16'),
    ],
)
def test_labels_saved_beyond_the_curve(study, scores, gain, said, score):
    changed = [
        score(s.kind, s.method, s.labels, s.seed, s.scores['Kappa'] + gain * (s.method == 'glcnet'))
        for s in scores
    ]
    assert said in labels_saved(study, summarise(study, changed), 'finetune')


def test_a_curve_that_falls_tells_nothing(study, scores, score):
    changed = [
        score(s.kind, s.method, s.labels, s.seed, s.scores['Kappa'] - 0.15 * (s.labels == 16))
        for s in scores
    ]
    rows = summarise(study, changed)
    assert equal_labels(study, rows, 'finetune') is None
    text = labels_saved(study, rows, 'finetune')
    assert text.startswith(
        'the Kappa of random weights falls from 0.270 to 0.220 at 16 labelled tiles'
    )
