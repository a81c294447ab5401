import torch
import torch.nn.functional as F
from mmengine.registry import MODELS

HEAD = dict(in_index=(0, 1), in_channels=(4, 6), input_transform='resize_concat', num_classes=3)


def test_logits_are_linear_in_all_maps(mmseg_scope):
    head = MODELS.build(dict(type='glcnet_plugin.LinearHead', **HEAD)).eval()
    assert set(head.state_dict()) == {'conv_seg.weight', 'conv_seg.bias'}
    maps = [torch.rand(2, 4, 8, 8), torch.rand(2, 6, 4, 4)]
    values = torch.cat([maps[0], F.interpolate(maps[1], scale_factor=2, mode='bilinear')], 1)
    weight, bias = head.conv_seg.weight[:, :, 0, 0], head.conv_seg.bias
    expected = torch.einsum('nchw,kc->nkhw', values, weight) + bias[:, None, None]
    torch.testing.assert_close(head(maps), expected)


def test_it_is_the_head_of_mm_without_convolutions(mmseg_scope):
    ours = MODELS.build(dict(type='glcnet_plugin.LinearHead', **HEAD)).eval()
    settings = dict(num_convs=0, concat_input=False, channels=10)
    theirs = MODELS.build(dict(type='mmseg.FCNHead', **settings, **HEAD)).eval()
    theirs.load_state_dict(ours.state_dict())
    maps = [torch.rand(2, 4, 8, 8), torch.rand(2, 6, 4, 4)]
    assert torch.equal(ours(maps), theirs(maps))


def test_channels_are_those_of_the_backbone(tiny_glcnet, mmseg_scope):
    head = dict(type='glcnet_plugin.LinearHead', input_transform='resize_concat',
                in_index=(0, 1, 2, 3), num_classes=5)  # fmt: skip
    backbone = tiny_glcnet['backbone']
    parts = dict(type='glcnet_plugin.RSEncoderDecoder', backbone=backbone, decode_head=head)
    assert MODELS.build(parts).decode_head.conv_seg.in_channels == 8 + 16 + 32 + 64
    parts['decode_head'] = dict(type='glcnet_plugin.LinearHead', in_index=2, num_classes=5)
    assert MODELS.build(parts).decode_head.conv_seg.in_channels == 32
