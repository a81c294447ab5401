"""The pairs themselves are in tests/tools/test_check_pair.py."""

from pathlib import Path

import pytest
import torch

from glcnet_plugin.apis import pairs
from glcnet_plugin.errors import ConfigError

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
PAIR = ('mobilenetv2_os16', 'lraspp', None)


def test_leaf_names_two_bases():
    text = pairs.leaf_text('swin_tiny', 'upernet', None, '../_base_', 'glcnet')
    assert "'../_base_/backbones/swin_tiny.py'" in text and 'neck' not in text
    text = pairs.leaf_text('vit_small', 'upernet', 'pyramid', 'x', 'encoder_decoder')
    assert "'x/necks/pyramid.py'" in text and 'neck=_base_.neck' in text
    text = pairs.leaf_text('swin_tiny', 'semantic_fpn', 'own', 'x', 'glcnet')
    assert 'x/necks' not in text and 'neck=_base_.neck' in text


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
        pairs.check_pair(*pair, CONFIGS)


def test_facts():
    facts = pairs.check_pair(*PAIR, CONFIGS)
    model = pairs.build_pair(*PAIR, CONFIGS, 'encoder_decoder')
    assert facts.parameters == sum(p.numel() for p in model.parameters())
    assert facts.style_source == 'backbone' and facts.frozen == 0
    assert facts.as_dict()['backbone'] == 'mobilenetv2_os16'


def test_a_parameter_without_gradient_is_named(monkeypatch):
    build = pairs.build_pair

    def with_idle_parameter(*args):
        model = build(*args)
        model.backbone.register_parameter('idle', torch.nn.Parameter(torch.zeros(1)))
        return model

    monkeypatch.setattr(pairs, 'build_pair', with_idle_parameter)
    with pytest.raises(ConfigError, match=r'lraspp: no gradient reaches backbone\.idle'):
        pairs.check_pair(*PAIR, CONFIGS)


def test_a_network_that_diverges_is_named(monkeypatch):
    build = pairs.build_pair

    def broken(*args):
        model = build(*args)
        torch.nn.init.constant_(model.style_head.projector[0].weight, torch.nan)
        return model

    monkeypatch.setattr(pairs, 'build_pair', broken)
    with pytest.raises(ConfigError, match='losses are not finite'):
        pairs.check_pair(*PAIR, CONFIGS)
