import json
import re

import pytest

from glcnet_plugin.study.report import html
from glcnet_plugin.study.report.html import pretraining_costs, write_report
from glcnet_plugin.study.report.pictures import draw_pictures
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
    assert '<p class="answer">Pretrain with GLCNet: +0.100 Kappa with 2 labelled tiles, by' in page
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


def test_a_report_has_no_empty_section_and_explains_its_terms(context, rows, monkeypatch):
    """It had an empty table of costs, and a last column that was cut off."""
    empty = write_report(context, []).read_text()
    assert 'Cost of pretraining' not in empty and '<h2>Scores' not in empty
    assert '<pre>' not in empty and '<h2>Limits' not in empty
    probed = [
        Score('probe_dense', 'glcnet', 2, seed, {'OA': 0.5, 'Kappa': 0.2, 'mIoU': 0.3}, [[1]])
        for seed in range(5)
    ]
    monkeypatch.setattr(html, 'read_scores', lambda context: probed)
    page = write_report(context, []).read_text()
    assert 'the map of the decoder, for methods that pretrain one' in page
    assert 'agreement with the truth beyond chance' in page
    assert 'against the' not in page.split('<h2>Limits')[0]  # columns without a difference
    sections = re.findall('<h2>.*?(?=<h2>|</body>)', page, re.DOTALL)
    assert all(re.sub('<.*?>', '', text.split('</h2>')[1]).strip() for text in sections)


def test_every_report_starts_with_the_answer(context):
    write_report(context, [])
    content = json.loads((context.folder / 'results.json').read_text())
    assert content['answer'].startswith('Cannot tell yet')
    assert (context.folder / 'report.md').read_text().splitlines()[2] == content['answer']
