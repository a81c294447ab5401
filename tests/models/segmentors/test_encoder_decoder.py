import pytest
import torch
from mmengine import ConfigDict
from mmengine.registry import MODELS
from mmseg.models import EncoderDecoder

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.segmentors import encoder_decoder

BACKBONE = dict(type='ResNet', depth=18, stem_channels=8, base_channels=8)
HEAD = dict(type='FCNHead', in_index=3, channels=4, num_classes=2, num_convs=1)


def build(**settings):
    config = dict(type='glcnet_plugin.RSEncoderDecoder', backbone=BACKBONE, decode_head=HEAD)
    return MODELS.build(dict(config, **settings))


def test_the_same_network_as_mm_builds_from_explicit_widths(mmseg_scope):
    torch.manual_seed(0)
    ours = build(auxiliary_head=dict(HEAD, in_index=2))
    torch.manual_seed(0)
    theirs = MODELS.build(
        dict(
            type='EncoderDecoder',
            backbone=BACKBONE,
            decode_head=dict(HEAD, in_channels=64),
            auxiliary_head=dict(HEAD, in_index=2, in_channels=32),
        )
    )
    mine, other = ours.state_dict(), theirs.state_dict()
    assert mine.keys() == other.keys()
    assert all(torch.equal(mine[key], other[key]) for key in mine)


def test_several_auxiliary_heads_and_a_neck(mmseg_scope):
    model = build(
        neck=dict(type='FPN', out_channels=6, num_outs=4),
        auxiliary_head=[dict(HEAD, in_index=1), dict(HEAD, in_index=2)],
    )
    assert [head.in_channels for head in model.auxiliary_head] == [6, 6]
    assert model(torch.rand(1, 3, 64, 64)).shape == (1, 2, 2, 2)


def test_a_pair_that_does_not_fit(mmseg_scope):
    with pytest.raises(ConfigError, match='ResNet have .* set in_channels=64'):
        build(decode_head=dict(HEAD, in_channels=2048))


@pytest.mark.parametrize(('size', 'windows'), [((70, 50), 9), ((32, 32), 1), ((20, 45), 2)])
def test_windows_in_batches_give_the_logits_of_mm(mmseg_scope, size, windows):
    settings = dict(test_cfg=ConfigDict(mode='slide', crop_size=(32, 32), stride=(20, 16)))
    model = build(**settings).eval()
    images, metas = (
        torch.rand(2, 3, *size),
        [dict(img_shape=size, ori_shape=size, pad_shape=size)] * 2,
    )
    batches = []
    model.backbone.register_forward_pre_hook(lambda _, inputs: batches.append(len(inputs[0])))
    with torch.no_grad():
        ours = model.slide_inference(images, metas)
        assert sum(batches) == 2 * windows and len(batches) == -(-windows // 8)
        theirs = EncoderDecoder.slide_inference(model, images, metas)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(('stride', 'crop_size'), [((48, 32), (32, 32)), ((32, 33), (32, 32))])
def test_gaps_between_windows_are_refused(mmseg_scope, stride, crop_size):
    """They had NaN as logits."""
    model = build(test_cfg=ConfigDict(mode='slide', crop_size=crop_size, stride=stride))
    with pytest.raises(ConfigError, match=r'leaves gaps .*crop_size=\(32, 32\): set a stride'):
        model.slide_inference(torch.rand(1, 3, 100, 100), [{}])


@pytest.mark.parametrize(('pixels', 'together'), [(2 * 32**2, [2, 2]), (1, [1, 1, 1, 1])])
def test_large_windows_pass_in_smaller_batches(mmseg_scope, monkeypatch, pixels, together):
    """Memory grew with the size of the windows."""
    monkeypatch.setattr(encoder_decoder, 'PIXELS', pixels)
    settings = dict(test_cfg=ConfigDict(mode='slide', crop_size=(32, 32), stride=(32, 32)))
    model = build(**settings).eval()
    batches = []
    model.backbone.register_forward_pre_hook(lambda _, inputs: batches.append(len(inputs[0])))
    with torch.no_grad():
        model.slide_inference(torch.rand(1, 3, 64, 64), [{}])
    assert batches == together


def test_heads_are_told_the_size_and_the_image_of_each_window(mmseg_scope):
    """Heads that predict masks of queries enlarge them to the pad_shape."""
    settings = dict(test_cfg=ConfigDict(mode='slide', crop_size=(32, 32), stride=(32, 32)))
    model, seen = build(**settings).eval(), []
    predict = model.decode_head.predict
    model.decode_head.predict = lambda x, metas, cfg: seen.extend(metas) or predict(x, metas, cfg)
    metas = [dict(img_path=name, img_shape=(32, 64), pad_shape=(32, 64)) for name in 'ab']
    with torch.no_grad():
        model.slide_inference(torch.rand(2, 3, 32, 64), metas)
    assert [meta['img_path'] for meta in seen] == ['a', 'b', 'a', 'b']
    assert {meta[key] for meta in seen for key in ('img_shape', 'pad_shape')} == {(32, 32)}
    assert metas[0]['img_shape'] == metas[0]['pad_shape'] == (32, 64)
