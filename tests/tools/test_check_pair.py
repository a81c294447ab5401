"""Pairs of backbone and decode head: every row of the table in the documents."""

import re
import sys
from pathlib import Path

import check_pair as tool
import pytest
import torch
from check_pair import BASE, all_pairs, build_pair, check_pair
from script_processes import run_python

from glcnet_plugin.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = (ROOT / 'docs/pairs.md').read_text(encoding='utf-8')
ROWS = {
    (cells[0], cells[1]): cells
    for cells in (
        [cell.strip() for cell in line.strip('|').split('|')]
        for line in DOCUMENT.split('<!-- pairs -->')[1].splitlines()[3:-1]
    )
}
PAIR = ('mobilenetv2_os16', 'lraspp')


@pytest.mark.slow
@pytest.mark.parametrize(('backbone', 'head', 'neck'), all_pairs())
def test_pair(backbone, head, neck):
    """The checks are in check_pair, which raises; the document says the same."""
    facts = check_pair(backbone, head, neck, bands=3)
    row = ROWS[backbone, head]
    assert row[2] == facts['neck']
    assert row[3] == f'`{facts["encoder map"]}`'
    assert row[4] == f'{facts["parameters"] / 1e6:.2f}'
    assert row[6].replace(',', '') == (str(facts['frozen']) if facts['frozen'] else '')


@pytest.mark.slow
@pytest.mark.parametrize('pair', {pair[0]: pair for pair in all_pairs()}.values())
def test_four_bands_enter_each_backbone(pair):
    """No decode head sees the bands."""
    parameters = build_pair(*pair, 'encoder_decoder', 3).parameters()
    assert check_pair(*pair, bands=4)['parameters'] > sum(p.numel() for p in parameters)


def test_document_has_the_pairs_and_no_others():
    assert set(ROWS) == {pair[:2] for pair in all_pairs()}
    assert len(ROWS) >= 30


def test_every_base_takes_part():
    for folder, used in (
        ('backbones', {pair[0] for pair in all_pairs()}),
        ('decode_heads', {pair[1] for pair in all_pairs()}),
    ):
        files = {path.stem for path in (BASE / folder).glob('*.py')}
        assert {name for name in files if not name.endswith(('w16', 'w16_os16', 'lite0'))} == used


@pytest.mark.parametrize(
    ('pair', 'message'),
    [
        (('resnet51', 'fcn', None), "'resnet51' is none of the backbones: convnext_tiny, "),
        (('swin_tiny', 'fnc', None), "'fnc' is none of the decode_heads: deeplabv3, "),
        (('vit_small', 'fcn', 'pyramids'), "'pyramids' is none of the necks: pyramid"),
    ],
)
def test_a_misspelt_part_is_named(pair, message):
    with pytest.raises(ConfigError, match=message):
        check_pair(*pair)


def test_facts():
    facts = check_pair(*PAIR)
    model = build_pair(*PAIR, None, 'encoder_decoder', 3)
    assert facts['parameters'] == sum(p.numel() for p in model.parameters())
    assert (facts['encoder map'], facts['neck'], facts['frozen']) == ('backbone', '', 0)


def test_the_neck_is_that_of_the_head_unless_another_is_named():
    assert build_pair('resnet18_os16', 'semantic_fpn', None, 'glcnet', 3).neck is not None
    assert build_pair('resnet18_os16', 'fcn', None, 'glcnet', 3).neck is None
    pyramid = build_pair('vit_small', 'upernet', 'pyramid', 'glcnet', 4)
    assert type(pyramid.neck).__name__ == 'MultiLevelNeck'


def test_a_parameter_without_gradient_is_named(monkeypatch):
    build = tool.build_pair

    def with_idle_parameter(*args):
        model = build(*args)
        model.backbone.register_parameter('idle', torch.nn.Parameter(torch.zeros(1)))
        return model

    monkeypatch.setattr(tool, 'build_pair', with_idle_parameter)
    with pytest.raises(ConfigError, match=r'lraspp: no gradient reaches backbone\.idle'):
        check_pair(*PAIR)


def test_a_network_that_diverges_is_named(monkeypatch):
    build = tool.build_pair

    def broken(*args):
        model = build(*args)
        torch.nn.init.constant_(model.style_head.projector[0].weight, torch.nan)
        return model

    monkeypatch.setattr(tool, 'build_pair', broken)
    with pytest.raises(ConfigError, match='losses are not finite: loss_style nan, '):
        check_pair(*PAIR)


def run(*arguments):
    return run_python(
        [sys.executable, 'tools/check_pair.py', *arguments],
        timeout=300,
    )  # fmt: skip


@pytest.mark.slow
def test_command_line_names_what_does_not_fit():
    done = run('resnet18_os16', 'fcn_unet')
    assert done.returncode == 1
    assert re.search(r'error: mmseg.FCNHead reads map 4 .* gives 4 maps', done.stderr)


@pytest.mark.slow
def test_command_line_prints_facts():
    done = run('convnext_tiny', 'semantic_fpn', '--bands', '4')
    assert done.returncode == 0, done.stderr
    facts = dict(re.split(r'\s{2,}', line, maxsplit=1) for line in done.stdout.splitlines())
    assert facts['neck'] == 'FPN' and facts['decode head'] == 'semantic_fpn'
    assert int(facts['parameters'].replace(',', '')) > 2e7
