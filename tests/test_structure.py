"""The habits of the code base that a machine can check."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / 'glcnet_plugin').rglob('*.py'))
MODULES = [p for p in MODULES if '.mim' not in p.parts]
SCRIPTS = [p for folder in ('tools', 'demo', 'benchmarks') for p in (ROOT / folder).rglob('*.py')]


def relative(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize('path', [p for p in MODULES if p.name != '__init__.py'], ids=relative)
def test_every_module_has_its_test_file(path):
    inside = path.relative_to(ROOT / 'glcnet_plugin')
    assert (ROOT / 'tests' / inside.parent / f'test_{inside.name}').is_file()


@pytest.mark.parametrize('path', SCRIPTS, ids=relative)
def test_every_script_has_its_test_file(path):
    inside = path.relative_to(ROOT)
    assert (ROOT / 'tests' / inside.parent / f'test_{inside.name}').is_file()


@pytest.mark.parametrize('path', MODULES + SCRIPTS, ids=relative)
def test_files_and_functions_are_short(path):
    text = path.read_text()
    assert text.count('\n') <= 250
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node, clean=False)
            length = node.end_lineno - node.lineno + 1 - (doc.count('\n') + 1 if doc else 0)
            assert length <= 50, f'{node.name}: {length} lines'


def test_no_distribution_of_a_host_is_named_in_the_package():
    for path in MODULES:
        text = re.sub(r'glcnet-plugin\[onedl\]', '', path.read_text())
        assert 'onedl' not in text and 'mmcv.ops' not in text, path


def test_transforms_document_their_keys():
    for path in (ROOT / 'glcnet_plugin/datasets/transforms').glob('*.py'):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and any(
                b.id != 'PhotometricTransform' for b in node.bases
            ):
                assert '**Required Keys:**' in ast.get_docstring(node), node.name
