import json
import os

import pytest
from matplotlib.figure import Figure

from glcnet_plugin.study.report import html
from glcnet_plugin.study.report.html import (
    Picture,
    draw_pictures,
    pretraining_costs,
    write_report,
)
from glcnet_plugin.study.report.statistics import detectable_difference
from glcnet_plugin.study.report.summary import Score
from glcnet_plugin.study.results import Problem, find_problems


def test_a_report_of_nothing_says_so(context):
    text = f'{len(context.plan)} of {len(context.plan)} jobs are not finished yet'
    assert find_problems(context) == [Problem('unfinished', text)]
    assert pretraining_costs(context) == [] and list(draw_pictures(context, [], [])) == []
    page = write_report(context, ['a command']).read_text()
    assert 'not finished yet' in page and 'a command' in page and '<img' not in page
    assert context.tiles.separation in page and 'never trained on' not in page
    assert context.tiles.separation in (context.folder / 'report.md').read_text()
    assert 'none in the compared settings' in page and 'param_scheduler' in page


def test_the_report_states_verdicts_and_what_could_have_been_detected(context, monkeypatch):
    gains = {'random': [0.0] * 5, 'glcnet': [0.1] * 5, 'simclr': [-0.01, 0.0, 0.01, 0.02, 0.03]}
    scores = [
        Score('probe', method, 2, seed, {'OA': 0.5, 'Kappa': 0.2 + gain, 'mIoU': 0.3}, [[1]])
        for method, values in gains.items()
        for seed, gain in enumerate(values)
    ]
    monkeypatch.setattr(html, 'read_scores', lambda context: scores)
    page = write_report(context, []).read_text()
    detectable = detectable_difference(gains['simclr'])
    line = (
        '5 seeds could have detected differences to the start of +0.000 to '
        f'{detectable:+.3f} with 2 tiles (power 0.8).'
    )
    assert line in page and line in (context.folder / 'report.md').read_text()
    assert '<td>ahead by +0.100 [+0.100, +0.100]</td>' in page and 'tied at +0.010 [' in page
    content = json.loads((context.folder / 'results.json').read_text())
    rows = {row['method']: row for row in content['rows']}
    assert rows['glcnet']['start_verdict'] == 'ahead' and rows['glcnet']['start_p_holm'] == 0
    assert rows['simclr']['start_verdict'] == 'tie'
    assert rows['simclr']['start_detectable'] == pytest.approx(detectable)


def test_pictures_of_the_pretraining_are_the_last_ones(context):
    folder = context.folder / 'pretrain/glcnet/seed0/2026/vis_data/vis_image'
    folder.mkdir(parents=True)
    for step in (10, 5):
        picture = folder / f'features_{step}.png'
        picture.write_bytes(b'x')
        os.utime(picture, (step, step))
    (picture,) = draw_pictures(context, [], [])
    assert picture.content.name == 'features_10.png' and not picture.has_legend


def test_pictures_stand_in_the_page_itself(tmp_path):
    (tmp_path / 'x.png').write_bytes(b'abc')
    assert Picture('x', tmp_path / 'x.png').address == 'data:image/png;base64,YWJj'
    address = Picture('x', Figure(figsize=(1, 1))).address
    assert address.startswith('data:image/png;base64,iVBOR')
