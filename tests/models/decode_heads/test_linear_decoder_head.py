from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from mmengine.config import Config
from mmengine.registry import MODELS

from glcnet_plugin.errors import ConfigError

HEAD = dict(
    type='glcnet_plugin.LinearDecoderHead',
    in_index=(0, 1),
    input_transform='resize_concat',
    num_classes=3,
    decoder=dict(type='FCNHead', in_index=1, num_convs=1, channels=5, num_classes=7),
)


def test_logits_are_linear_in_all_maps_and_in_that_of_the_decoder(mmseg_scope):
    head = MODELS.build(dict(HEAD, in_channels=(4, 6))).eval()
    maps = [torch.rand(2, 4, 8, 8), torch.rand(2, 6, 4, 4)]
    parts = [maps[1], head.decoder(maps)]
    parts = [maps[0], *(F.interpolate(m, scale_factor=2, mode='bilinear') for m in parts)]
    weight, bias = head.conv_seg.weight[:, :, 0, 0], head.conv_seg.bias
    assert weight.shape == (3, 4 + 6 + 7)
    expected = torch.einsum('nchw,kc->nkhw', torch.cat(parts, 1), weight) + bias[:, None, None]
    torch.testing.assert_close(head(maps), expected)


def test_it_reads_maps_by_index_and_trains_the_decoder(mmseg_scope):
    parts = dict(HEAD, in_index=(1, 2), in_channels=(4, 6))
    head = MODELS.build(parts)
    maps = [torch.rand(2, 9, 16, 16), torch.rand(2, 4, 8, 8), torch.rand(2, 6, 4, 4)]
    head(maps).sum().backward()
    assert all(p.grad is not None for p in head.parameters())


def test_channels_are_those_of_the_backbone(tiny_glcnet, mmseg_scope):
    """Of DeepLabV3+ also those of the map that it adds."""
    head = dict(HEAD, in_index=(0, 1, 2, 3), decoder=dict(tiny_glcnet['decode_head'], in_index=3))
    parts = dict(
        type='glcnet_plugin.RSEncoderDecoder', backbone=tiny_glcnet['backbone'], decode_head=head
    )
    network = MODELS.build(parts)
    decoder = network.decode_head.decoder
    dense = parts['decode_head']['decoder']['num_classes']
    assert network.decode_head.conv_seg.in_channels == 8 + 16 + 32 + 64 + dense
    assert decoder.in_channels == 64 and decoder.c1_bottleneck.conv.in_channels == 8
    with torch.no_grad():
        assert network.eval()(torch.rand(1, 3, 64, 64)).shape[1] == 3


@pytest.mark.parametrize('name', ['fcn_concat', 'segformer', 'semantic_fpn', 'upernet', 'lraspp'])
def test_any_decode_head_is_a_decoder(tiny_glcnet, mmseg_scope, name):
    heads = Path(__file__).resolve().parents[3] / 'configs/_base_/decode_heads'
    decoder = dict(Config.fromfile(heads / f'{name}.py').decode_head, num_classes=7)
    head = dict(HEAD, in_index=(0, 1, 2, 3), decoder=decoder)
    parts = dict(
        type='glcnet_plugin.RSEncoderDecoder', backbone=tiny_glcnet['backbone'], decode_head=head
    )
    network = MODELS.build(parts).eval()
    with torch.no_grad():
        assert network(torch.rand(1, 3, 64, 64)).shape[1] == 3


def test_a_decoder_that_does_not_fit_is_refused(mmseg_scope):
    with pytest.raises(ConfigError, match='in_channels=3, but the maps of the backbone have'):
        MODELS.build(dict(HEAD, in_channels=(4, 6), decoder=dict(HEAD['decoder'], in_channels=3)))
