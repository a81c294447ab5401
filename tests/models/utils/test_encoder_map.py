import pytest
import torch
from mmengine.registry import MODELS
from torch import nn

from glcnet_plugin.models.utils import coarsest_map, default_style_source


@pytest.mark.parametrize(
    ('name', 'index', 'source'),
    [
        ('ASPPHead', 0, 'decode_head.bottleneck'),
        ('PSPHead', 0, 'decode_head.bottleneck'),
        ('UPerHead', [0, 1], 'decode_head.bottleneck'),
        ('FCNHead', 0, 'backbone'),
        ('SegformerHead', [0, 1], 'backbone'),
    ],
)
def test_default_by_family(mmseg_scope, name, index, source):
    width = [4] * len(index) if isinstance(index, list) else 4
    head = MODELS.build(
        dict(type=name, in_channels=width, in_index=index, channels=4, num_classes=2)
    )
    assert default_style_source(head) == source


def test_without_a_head_it_is_the_backbone():
    assert default_style_source(None) == 'backbone'


def test_an_attribute_that_is_no_module_does_not_count():
    head = nn.Module()
    head.bottleneck = 4
    assert default_style_source(head) == 'backbone'


def test_coarsest_of_all_orders():
    sizes = [(8, 8), (4, 4), (2, 2)]
    maps = [torch.full((1, 1, *size), float(i)) for i, size in enumerate(sizes)]
    assert coarsest_map(maps) is maps[2]
    assert coarsest_map(maps[::-1]) is maps[2]
    alike = [torch.zeros(1, 1, 2, 2) for _ in range(3)]
    assert coarsest_map(alike) is alike[2]
