from pathlib import Path

import pytest

pytest.importorskip('mkdocs')
pytest.importorskip('griffe')

from doc_site import ROOT, link_classes, on_page_content, rewrite, target


@pytest.mark.parametrize(
    ('path', 'page'),
    [
        ('docs/data.md', 'data.md'),
        ('docs/notebooks/own_images.ipynb', 'notebooks/own_images.md'),
        ('README.md', 'index.md'),
        ('configs/glcnet/a_b.py', 'reference/configs.md#a_b'),
        ('configs/baselines/mae', 'reference/configs.md#configsbaselinesmae'),
        ('configs/_base_/models/mae.py', 'reference/base_configs.md#mae'),
        ('benchmarks/studies/dubai_cpu.py', 'reference/author_studies.md#dubai_cpu'),
        ('tools/train.py', 'reference/tools.md#toolstrainpy'),
        ('LICENSE', None),
    ],
)
def test_page_of_a_file(path, page):
    assert target(ROOT / path) == page


@pytest.mark.parametrize(
    ('text', 'page', 'expected'),
    [
        ('[a](docs/data.md#x)', 'index.md', '[a](data.md#x)'),
        ('![a](docs/images/a.png)', 'index.md', '![a](images/a.png)'),
        ('[a](../../configs/glcnet/b.py)', 'start/x.md', '[a](../reference/configs.md#b)'),
        ('[a](../LICENSE)', 'x.md', 'a'),
        ('[a](https://example.org) [b](#c)', 'x.md', '[a](https://example.org) [b](#c)'),
        ('```\n[a](../LICENSE)\n```', 'x.md', '```\n[a](../LICENSE)\n```'),
    ],
)
def test_links_lead_to_pages(text, page, expected):
    assert rewrite(text, page) == expected


def test_names_of_classes_are_links():
    assert link_classes('use `GLCNet`', 'x.md') == 'use [`GLCNet`](reference/classes.md#glcnet)'
    text = link_classes('`glcnet_plugin.LoveDADataset`', 'start/x.md')
    assert text == '[`glcnet_plugin.LoveDADataset`](../datasets/loveda.md#lovedadataset)'
    for kept in ('## `GLCNet`', '`NoClass`', '[`GLCNet`](a.md)'):
        assert link_classes(kept, 'x.md') == kept


def test_roles_are_shown_as_code():
    assert on_page_content('see :func:<code>~a.b</code>') == 'see <code>a.b</code>'


def test_every_document_is_in_the_navigation():
    nav = (ROOT / 'mkdocs.yml').read_text()
    for path in (ROOT / 'docs').rglob('*.md'):
        assert f'{Path(path).relative_to(ROOT / "docs").as_posix()}\n' in nav
