from dataclasses import replace

import pytest

from glcnet_plugin.study.report.differences import Difference
from glcnet_plugin.study.report.statistics import detectable_difference
from glcnet_plugin.study.report.summary import Row, Score, summarise
from glcnet_plugin.study.report.text import (
    answers,
    caveats,
    detectable_text,
    difference_text,
    exceptions_text,
    markdown,
    scopes_text,
)
from glcnet_plugin.study.settings import read_study


def test_answers_state_the_gain_of_the_proposed_method(study, rows):
    line, *rest = answers(study, rows)
    assert rest == []
    assert line == (
        'fine-tuned, 2 labelled tiles: GLCNet is ahead by +0.100 [+0.100, +0.100] against random '
        'weights.'
    )


def test_answers_state_what_could_have_been_detected_where_there_is_a_tie(study):
    found = []
    for seed, gain in enumerate([-0.02, -0.01, 0.0, 0.01, 0.02]):
        for method in ('random', 'glcnet'):
            kappa = 0.2 + gain * (method == 'glcnet')
            scores = {'OA': 0.9, 'Kappa': kappa, 'mIoU': 0.3}
            found.append(Score('finetune', method, 2, seed, scores, [[1]]))
    (line,) = answers(study, summarise(study, found)[1:])
    detectable = detectable_difference([-0.02, -0.01, 0.0, 0.01, 0.02])
    assert line.startswith('fine-tuned, 2 labelled tiles: GLCNet is tied at +0.000 [-0.0')
    end = f'] against random weights (5 seeds could have detected {detectable:+.3f}).'
    assert line.endswith(end)


@pytest.mark.parametrize(
    ('values', 'adjusted', 'said'),
    [
        ([0.1, 0.12, 0.09, 0.11, 0.1], 0.01, 'ahead by +0.104 [+0.'),
        ([0.1, 0.12, 0.09, 0.11, 0.1], 0.06, 'possibly ahead by +0.104 [+0.'),
        ([-0.1, -0.12, -0.09, -0.11, -0.1], 0.01, 'behind by -0.104 [-0.'),
        ([0.1, -0.12, 0.09, -0.11, 0.1], 1.0, 'tied at +0.012 [-0.'),
        ([0.1], None, '+0.100 (1 seed: too few for an interval)'),
    ],
)
def test_differences_as_text(values, adjusted, said):
    assert difference_text(Difference('x', values, adjusted)).startswith(said)


def row(labels, spread, seeds=5):
    """A row with evenly spaced differences to random weights."""
    values = [spread * place for place in range(seeds)]
    scores = dict.fromkeys(('OA', 'Kappa', 'mIoU'), values)
    return Row('finetune', 'x', labels, scores, Difference('random', values), None)


def test_detectable_differences_as_text():
    one = detectable_difference([0, 0.01, 0.02, 0.03, 0.04])
    assert detectable_text([row(2, 0.01), row(2, 0.03), row(2, 0.02), row(16, 0.02)]) == (
        f'5 seeds could have detected differences to the start of {one:+.3f} to '
        f'{3 * one:+.3f} with 2 tiles, {2 * one:+.3f} with 16 tiles (power 0.8).'
    )
    assert detectable_text([row(2, 0.01, 3), row(2, 0.01)]).startswith('3 to 5 seeds could')
    assert detectable_text([row(2, 0.01, 1)]) is None and detectable_text([]) is None


def test_caveats_follow_from_the_study(study, study_file, rows):
    text = ' '.join(caveats(study, rows))
    assert 'pretrained 1 time for 2 seeds' in text
    assert 'paired t-tests' in text and 'Holm' in text and 'Possibly ahead' in text
    assert '4 seeds are too few for an interval (5' in text
    options = {'pretrain_seeds': [0, 1], 'notes': ['Made at night.']}
    other = ' '.join(caveats(read_study(study_file, options=options), rows))
    assert 'was pretrained' not in other and other.endswith('Made at night.')


def test_a_column_with_few_scores_is_named(study, score):
    """Five seeds label the same 16 tiles, and have the same weights."""
    study = replace(study, seeds=[0, 1, 2, 3, 4])
    found = [
        replace(score('probe', method, labels, seed, 0.2), origin=origin)
        for method in ('random', 'glcnet')
        for labels, origin in ((2, ''), (16, 'all tiles'))
        for seed in range(5)
    ]
    rows = summarise(study, found)
    assert markdown(study, rows).splitlines()[5].endswith('(+0.000, ?), 1 seed |')
    text = ' '.join(caveats(study, rows))
    assert 'With 16 labelled tiles, some methods have fewer than 5 scores' in text
    assert 'more than a hint' not in text


def test_markdown_has_a_row_per_method(study, rows):
    lines = markdown(study, rows).splitlines()
    assert lines[0].startswith('**fine-tuned**') and lines[2] == '| method | 2 tiles |'
    assert lines[4] == '| random weights | 0.220 ± 0.016, 5 seeds |'
    assert lines[5] == '| GLCNet | 0.320 ± 0.016 (+0.100, ahead), 5 seeds |'
    assert lines[6] == '| SimCLR | 0.515 ± 0.013 (+0.300, ?), 4 seeds |'
    assert lines[8].startswith('4 to 5 seeds could have detected differences to the start of')


def test_what_is_loaded_is_told(study):
    assert scopes_text(study) == ['encoder: GLCNet', 'backbone: SimCLR']


def test_exceptions_in_words(study):
    used = {'simclr': {'custom_hooks': 'because'}}
    assert exceptions_text(study, used) == ['SimCLR: custom_hooks: because']


def test_what_is_unknown_of_a_checkpoint_is_told(study_file, tmp_path):
    """The report said that held-out ground was never trained on, and exceptions: none."""
    method = {'checkpoint': str(tmp_path / 'x.pth'), 'config': None}
    study = read_study(study_file, options={'methods.simclr': method})
    (text,) = exceptions_text(study, {})
    assert text.startswith(f'SimCLR: pretrained elsewhere ({tmp_path}/x.pth)')
    assert 'may show held-out ground' in text and 'unknown' in text
