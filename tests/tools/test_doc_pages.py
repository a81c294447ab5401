import json

import pytest

pytest.importorskip('griffe')

from doc_pages import (
    ROOT,
    api_page,
    comment,
    configs_page,
    help_text,
    notebook_page,
    pages,
    public_names,
    scripts,
)

import glcnet_plugin


def test_every_command_is_a_tool_for_users_or_internal():
    names = {str(path.relative_to(ROOT)) for path in scripts()}
    assert {'tools/train.py', 'tools/dataset_tools/make_tiles.py', 'demo/run.py'} <= names
    assert 'tools/check_docs.py' not in names


def test_help_is_what_the_command_prints():
    text = help_text(ROOT / 'tools/dataset_tools/band_stats.py')
    assert text.startswith('usage: band_stats.py') and 'Example:' in text


@pytest.mark.parametrize(
    'path', sorted((ROOT / 'configs').rglob('*.py')), ids=lambda path: str(path.relative_to(ROOT))
)
def test_every_config_says_what_it_is_for(path):
    assert len(comment(path)) > 5


def test_configs_by_folder():
    page = configs_page('Configs', ROOT / 'configs', lambda path: path.parent.name == 'glcnet')
    assert page.startswith('# Configs\n') and page.count('\n## ') == 1
    assert '### glcnet_r50-d3plus_1xb64-amp-100e_rgb {' in page


def test_public_names_are_those_of_the_package():
    assert {path.rsplit('.')[-1] for path in public_names()} == set(glcnet_plugin.apis.__all__)
    assert '::: glcnet_plugin.inference.scene.predict_scene' in api_page()


def test_data_sets_show_classes_layout_and_converter():
    page = pages()['datasets/dubai.md']()
    assert '| 0 | building |' in page and '#3C1098' in page
    assert '## Converter: convert_dubai.py' in page
    assert pages()['datasets/loveda.md']().startswith('# LoveDA (NeurIPS')
    gid = pages()['datasets/gid.md']()
    assert gid.startswith(
        '# Gaofen Image Dataset (Tong et al. 2020)\n\nSource: https://arxiv.org/abs/1807.05713\n'
    )


def test_notebook_cells_become_text_and_code(tmp_path):
    cells = [
        {'cell_type': 'markdown', 'source': ['# Title\n', 'text']},
        {'cell_type': 'code', 'source': ['x = 1'], 'outputs': []},
    ]
    (tmp_path / 'a.ipynb').write_text(json.dumps({'cells': cells}))
    page = notebook_page(tmp_path / 'a.ipynb')
    assert page.startswith('# Title\ntext\n\n*To run it, open `docs/notebooks/a.ipynb`')
    assert page.endswith('\n\n```python\nx = 1\n```\n')
