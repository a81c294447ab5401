import json
import re

import pytest

from glcnet_plugin.study.main import conduct, remember
from glcnet_plugin.study.settings import read_study


@pytest.fixture
def conducted(study_file, tmp_path):
    """A study of which one method fails: its weights do not fit."""
    options = {
        'only': ['random', 'glcnet', 'simclr'], 'labels': ['2'], 'seeds': [0],
        'methods.simclr.scope': 'encoder_decoder',
    }  # fmt: skip
    lines = []
    study = read_study(study_file, options=options)
    good = conduct(study, tmp_path / 'run', 2, ['make it'], lines.append, False)
    return good, lines, tmp_path / 'run', study


def test_a_study_from_tiles_to_report(conducted):
    good, lines, folder, study = conducted
    assert not good  # two cells of SimCLR failed
    assert lines[0].startswith('warning: the 2 labelled tiles') or lines[0].startswith('8 cells')
    assert sum('FAILED' in line for line in lines) == 2
    assert any(line.startswith('finetune/simclr/2tiles/seed0 failed: ') for line in lines)
    assert any('| GLCNet |' in line for line in lines) and lines[-1] == str(folder / 'report.html')

    html = (folder / 'report.html').read_text()
    assert 'finetune/simclr/2tiles/seed0 failed' in html and 'make it' in html
    assert html.count('data:image/png;base64,') >= 5
    addresses = re.findall(r'(?:src|href)="([^"]{4})', html)
    assert set(addresses) == {'data'}  # nothing is fetched
    assert 'http' not in re.sub(r'data:[^"]*', '', html)

    content = json.loads((folder / 'results.json').read_text())
    assert {s['method'] for s in content['scores']} == {'random', 'glcnet'}
    assert {cost['method'] for cost in content['pretraining']} == {'glcnet', 'simclr'}
    assert 'Kappa' in (folder / 'results.csv').read_text()
    assert '| GLCNet |' in (folder / 'report.md').read_text()

    lines.clear()
    assert not conduct(study, folder, 1, ['report it'], lines.append, report_only=True)
    assert not any('finished;' in line for line in lines)
    again = (folder / 'report.html').read_text()
    assert 'make it' in again and 'report it' not in again


def test_commands_of_all_runs_are_kept(tmp_path):
    assert remember(tmp_path, []) == []
    remember(tmp_path, ['first'])
    assert remember(tmp_path, ['second']) == remember(tmp_path, ['first']) == ['first', 'second']
