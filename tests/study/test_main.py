import json
import re
from itertools import takewhile

import pytest

from glcnet_plugin.study.context import prepare_study
from glcnet_plugin.study.main import run_study, save_commands
from glcnet_plugin.study.settings import read_study

pytestmark = pytest.mark.slow


@pytest.fixture
def finished(study_file, tmp_path, forked_workers):
    """A study of which one method fails: its weights do not fit."""
    options = {
        'only': ['random', 'glcnet', 'simclr'], 'labels': ['2'], 'seeds': [0],
        'methods.simclr.scope': 'encoder_decoder',
    }  # fmt: skip
    lines = []
    context = prepare_study(read_study(study_file, options=options), tmp_path / 'run')
    good = run_study(context, 2, 'make it', lines.append)
    return good, lines, context


def test_a_study_from_tiles_to_report(finished):
    good, lines, context = finished
    folder = context.folder
    assert not good  # two jobs of SimCLR failed
    assert lines[0].startswith('warning: the 2 labelled tiles') or lines[0].startswith('8 jobs')
    failed = [line for line in lines if 'FAILED' in line]
    assert len(failed) == 2 and all('log.txt' in line for line in failed)
    assert all('FAILED: ' in line and 'scope' in line for line in failed)  # the reason
    assert any(line.startswith('finetune/simclr/2tiles/seed0 failed: ') for line in lines)
    assert any('| GLCNet |' in line for line in lines) and lines[-1] == str(folder / 'report.html')

    html = (folder / 'report.html').read_text()
    assert 'finetune/simclr/2tiles/seed0 failed' in html and 'make it' in html
    assert html.count('data:image/png;base64,') >= 5
    addresses = re.findall(r'(?:src|href)="([^"]{4})', html)
    assert set(addresses) == {'data'}  # nothing is fetched
    assert 'http' not in re.sub(r'data:[^"]*', '', html)

    content = json.loads((folder / 'results.json').read_text())
    assert [problem['kind'] for problem in content['problems']] == ['failed', 'failed']
    assert {s['method'] for s in content['scores']} == {'random', 'glcnet'}
    assert {cost['method'] for cost in content['pretraining']} == {'glcnet', 'simclr'}
    assert 'Kappa' in (folder / 'results.csv').read_text()
    assert '| GLCNet |' in (folder / 'report.md').read_text()

    lines.clear()
    assert not run_study(context, 1, 'report it', lines.append, report_only=True)
    assert not any('finished;' in line for line in lines)
    again = (folder / 'report.html').read_text()
    assert 'make it' in again and 'report it' not in again


def test_what_is_left_out_is_said_before_the_jobs(study_file, tmp_path):
    gone = {'checkpoint': str(tmp_path / 'gone.pth'), 'config': None, 'title': 'ImageNet'}
    options = {'methods.simclr': gone, 'only': ['random', 'simclr'], 'proposed': 'simclr'}
    study = read_study(study_file, options=options)
    lines = []
    run_study(prepare_study(study, tmp_path / 'run'), 1, '', lines.append, report_only=True)
    reason = f'ImageNet was left out: its checkpoint {gone["checkpoint"]} does not exist'
    warnings = list(takewhile(lambda line: line.startswith('warning: '), lines))
    assert f'warning: {reason}' in warnings


def test_commands_of_all_runs_are_kept(tmp_path):
    assert save_commands(tmp_path, []) == []
    save_commands(tmp_path, ['first'])
    assert (
        save_commands(tmp_path, ['second'])
        == save_commands(tmp_path, ['first'])
        == ['first', 'second']
    )
