import pytest
import torch
from mmengine.registry import MODELS, DefaultScope

from glcnet_plugin.checkpoints.loading import load_pretrained
from glcnet_plugin.checkpoints.recorded_settings import setting_differences

BACKBONE = dict(type='mmseg.ResNet', depth=18, stem_channels=8, base_channels=8)
HEAD = dict(
    type='mmseg.DepthwiseSeparableASPPHead', in_channels=64, channels=4, num_classes=2,
    c1_in_channels=8, c1_channels=4, dilations=(1, 2),
)  # fmt: skip


def network(backbone=None, head=None):
    config = dict(
        type='mmseg.EncoderDecoder',
        backbone={**BACKBONE, **(backbone or {})},
        decode_head={**HEAD, **(head or {})},
        test_cfg=dict(mode='whole'),
    )
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build(config)


def recorded(backbone=None, head=None):
    return {'cfg': f'model = dict(backbone={BACKBONE | (backbone or {})!r}, '
            f'decode_head={HEAD | (head or {})!r})'}  # fmt: skip


@pytest.mark.parametrize(
    ('before', 'now', 'text'),
    [
        (({}, {}), ({}, {}), None),
        (({'strides': (1, 2, 2, 2), 'norm_cfg': {'type': 'SyncBN', 'requires_grad': True}}, {}),
         ({}, {}), None),
        (({'norm_eval': True, 'out_indices': (0, 1, 2, 3)}, {'num_classes': 64}), ({}, {}), None),
        (({}, {}), ({'strides': (1, 2, 2, 1), 'dilations': (1, 1, 1, 2)}, {}),
         'backbone.strides was [1, 2, 2, 2] in pretraining, it is [1, 2, 2, 1] here'),
        (({'strides': (1, 2, 2, 1)}, {}), ({}, {}), 'backbone.strides was [1, 2, 2, 1]'),
        (({}, {'align_corners': True}), ({}, {}), 'decode_head.align_corners was True'),
        (({}, {}), ({}, {'dilations': (1, 4)}), 'decode_head.dilations was [1, 2]'),
        (({'norm_cfg': {'type': 'BN', 'eps': 1e-3}}, {}), ({}, {}), 'backbone.norm_cfg was'),
    ],
)  # fmt: skip
def test_settings_without_shapes(before, now, text):
    differences = setting_differences(recorded(*before), network(*now), 'encoder')
    assert bool(differences) == (text is not None)
    assert text is None or text in differences[0]


def test_the_head_does_not_matter_to_the_backbone():
    meta = recorded({}, {'align_corners': True})
    assert not setting_differences(meta, network(), 'backbone')
    assert not setting_differences({}, network(), 'encoder')


def test_a_decoder_inside_a_linear_head_is_compared():
    head = dict(
        type='glcnet_plugin.LinearDecoderHead', in_channels=(8, 16, 32, 64),
        in_index=(0, 1, 2, 3), input_transform='resize_concat', num_classes=2,
    )  # fmt: skip
    config = dict(type='mmseg.EncoderDecoder', backbone=BACKBONE, test_cfg=dict(mode='whole'))
    with DefaultScope.overwrite_default_scope('mmseg'):
        inner = dict(HEAD, in_index=3)
        same = MODELS.build(dict(config, decode_head=dict(head, decoder=inner)))
        other = dict(head, decoder=dict(inner, align_corners=True))
        other = MODELS.build(dict(config, decode_head=other))
    meta = recorded({}, {'in_index': 3})
    assert not setting_differences(meta, same, 'encoder_decoder')
    assert 'decode_head.align_corners' in setting_differences(meta, other, 'encoder_decoder')[0]


def test_a_backbone_with_a_decoder_of_its_own_is_compared():
    """UNet has one: a decoder was looked for in every part."""
    unet = dict(type='mmseg.UNet', base_channels=4, num_stages=2, strides=(1, 1),
                enc_num_convs=(1, 1), dec_num_convs=(1,), downsamples=(True,),
                enc_dilations=(1, 1), dec_dilations=(1,))  # fmt: skip
    head = dict(type='mmseg.FCNHead', in_channels=4, channels=4, num_classes=2, in_index=-1)
    with DefaultScope.overwrite_default_scope('mmseg'):
        built = MODELS.build(dict(type='mmseg.EncoderDecoder', backbone=unet, decode_head=head))
    meta = {'cfg': f'model = dict(backbone={unet | dict(strides=(1, 2))!r}, decode_head={head!r})'}
    assert 'backbone.strides was [1, 2]' in setting_differences(meta, built, 'backbone')[0]


def test_loading_reports_them(tmp_path):
    source = network(head={'dilations': (1, 4)})
    path = tmp_path / 'x.pth'
    meta = recorded({}, {'dilations': (1, 4)})
    torch.save({'state_dict': source.state_dict(), 'meta': meta}, path)
    (warning,) = load_pretrained(network(), str(path), 'encoder').warnings
    assert 'decode_head.dilations was [1, 4] in pretraining, it is [1, 2] here' in warning
    assert not load_pretrained(network(), str(path), 'backbone').warnings


def test_weights_with_nan_in_the_scope_are_refused(tmp_path):
    from glcnet_plugin.errors import DataError

    source, path = network(), tmp_path / 'x.pth'
    source.decode_head.bottleneck.conv.weight.data[0] = float('nan')
    torch.save(source.state_dict(), path)
    target = network()
    before = {key: value.clone() for key, value in target.state_dict().items()}
    with pytest.raises(DataError, match=r'NaN in 1 of \d+ tensors(?s:.*)bottleneck.conv.weight'):
        load_pretrained(target, str(path), 'encoder')
    assert all(torch.equal(before[key], value) for key, value in target.state_dict().items())
    load_pretrained(target, str(path), 'backbone')
