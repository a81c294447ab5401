import subprocess
import sys

import pytest
from doc_tables import ROOT, outdated, render

INDEX = 'Import: [configs/a/metafile.yml, configs/b/metafile.yml]\n'
METAFILE = """
Collections:
  - Name: {name}
    Paper: {{Title: About {name}, URL: https://example.org/{name}}}
Models:
  - Name: {name}_long
    In Collection: {name}
    Config: configs/{name}/long.py
    Metadata: {{Epochs: 400, Batch Size: 256}}
    Results: null
  - Name: {name}_short
    In Collection: {name}
    Config: configs/{name}/short.py
    Metadata: {{Iterations: 120, Batch Size: 8}}
    Results:
      - {{Task: Segmentation, Dataset: P, Metrics: {{Kappa: 0.5, OA: 0.6}}}}
      - {{Task: Segmentation, Dataset: V, Metrics: {{Kappa: 0.7}}}}
"""


@pytest.fixture
def repository(tmp_path):
    (tmp_path / 'model-index.yml').write_text(INDEX)
    (tmp_path / 'docs').mkdir()
    for name in 'ab':
        (tmp_path / 'configs' / name).mkdir(parents=True)
        (tmp_path / f'configs/{name}/metafile.yml').write_text(METAFILE.format(name=name))
    return tmp_path


def test_methods(repository):
    text = 'before\n<!-- table: methods -->\nold\n\n<!-- end -->\nafter\n'
    assert render(text, repository, repository).splitlines() == [
        'before',
        '<!-- table: methods -->',
        '| method | paper | configs |',
        '|---|---|---|',
        '| a | [About a](https://example.org/a) | [2](configs/a) |',
        '| b | [About b](https://example.org/b) | [2](configs/b) |',
        '<!-- end -->',
        'after',
    ]


def test_configs_with_links_from_a_folder(repository):
    text = '<!-- table: configs -->\n<!-- end -->\n'
    rows = render(text, repository, repository / 'docs').splitlines()[3:-1]
    assert rows == [
        row
        for name in 'ab'
        for row in (
            f'| {name} | [{name}_long](../configs/{name}/long.py) | 400 epochs | 256 | - |',
            f'| {name} | [{name}_short](../configs/{name}/short.py) | 120 iterations | 8 '
            '| P: Kappa 0.5, OA 0.6; V: Kappa 0.7 |',
        )
    ]


def test_unknown_table(repository):
    with pytest.raises(SystemExit, match='no table coffee; there are methods, configs'):
        render('<!-- table: coffee -->\n<!-- end -->', repository, repository)


def test_outdated_documents_are_detected_and_fixed(repository):
    marked = '<!-- table: methods -->\n<!-- end -->\n'
    (repository / 'README.md').write_text('no table\n')
    (repository / 'docs/page.md').write_text(marked)
    texts = outdated(repository)
    assert list(texts) == [repository / 'docs/page.md']
    (repository / 'docs/page.md').write_text(texts[repository / 'docs/page.md'])
    assert not outdated(repository)


@pytest.mark.parametrize(
    ('option', 'code', 'said'), [('--check', 1, 'outdated'), ('', 0, 'written')]
)
def test_command_checks_or_writes(option, code, said, repository):
    (repository / 'tools').mkdir()
    script = repository / 'tools/doc_tables.py'
    script.write_text((ROOT / 'tools/doc_tables.py').read_text())
    (repository / 'README.md').write_text('<!-- table: configs -->\n<!-- end -->\n')
    command = [sys.executable, str(script), *option.split()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (code, f'README.md: {said}\n')
    assert ('a_long' in (repository / 'README.md').read_text()) == (said == 'written')
