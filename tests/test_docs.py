"""The front page, the citation, the notebook, and pictures of the documents."""

import json
import re
from pathlib import Path

import pytest
import yaml
from doc_commands import blocks, commands

import glcnet_plugin

ROOT = Path(__file__).parents[1]
README = (ROOT / 'README.md').read_text(encoding='utf-8')


def commands_of(path):
    text = path.read_text(encoding='utf-8')
    return {c for b in blocks(text) if b.language == 'bash' for c in commands(b.text)}


def test_the_front_page_is_one_screen():
    assert len(README.split()) <= 450


def test_commands_of_the_front_page_are_those_that_the_doc_test_runs():
    shown = {c for c in commands_of(ROOT / 'README.md') if not c.startswith(('make ', 'pip '))}
    assert len(shown) == 5
    assert shown <= commands_of(ROOT / 'docs/start/scenes.md')


def test_citation():
    content = yaml.safe_load((ROOT / 'CITATION.cff').read_text(encoding='utf-8'))
    assert content['version'] == glcnet_plugin.__version__
    assert content['preferred-citation']['doi'] == '10.1109/TGRS.2022.3147513'


@pytest.mark.parametrize('path', sorted((ROOT / 'docs/notebooks').glob('*.ipynb')), ids=str)
def test_notebooks_hold_no_outputs(path):
    cells = json.loads(path.read_text(encoding='utf-8'))['cells']
    code = [cell for cell in cells if cell['cell_type'] == 'code']
    assert code
    assert all(not cell['outputs'] and cell['execution_count'] is None for cell in code)


def test_every_picture_is_shown_and_has_a_script():
    documents = [README, *(p.read_text(encoding='utf-8') for p in (ROOT / 'docs').rglob('*.md'))]
    scripts = '\n'.join(
        [
            *(p.read_text(encoding='utf-8') for p in (ROOT / 'demo').glob('*.py')),
            (ROOT / 'tools/doc_figures.py').read_text(encoding='utf-8'),
            (ROOT / 'benchmarks/plot.py').read_text(encoding='utf-8'),
            *documents,  # plot_runs.py is called in a document
        ]
    )
    for path in (ROOT / 'docs/images').iterdir():
        assert any(f'images/{path.name}' in text for text in documents), path
        assert re.search(rf'(--out .*|IMAGES[ /}}\']+){re.escape(path.name)}', scripts), path
