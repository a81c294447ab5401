import pytest
import torch
from mmengine.registry import MODELS

from glcnet_plugin.apis.checkpoint import in_scope, load_pretrained
from glcnet_plugin.errors import CheckpointMismatchError, ConfigError

CLASSES = 5


@pytest.fixture(autouse=True)
def _scope(mmseg_scope):
    """Build as a fine-tuning config does."""


def segmentor(glcnet, backbone=None, **head):
    return MODELS.build(
        dict(
            type='EncoderDecoder',
            backbone=dict(glcnet['backbone'], **(backbone or {})),
            decode_head=dict(glcnet['decode_head'], num_classes=CLASSES, **head),
        )
    )


@pytest.fixture
def checkpoint(tiny_glcnet, tmp_path):
    path = str(tmp_path / 'glcnet.pth')
    torch.save({'state_dict': MODELS.build(tiny_glcnet).state_dict(), 'meta': {}}, path)
    return path


@pytest.mark.parametrize(
    ('key', 'scopes'),
    [
        ('backbone.layer1.0.conv1.weight', {'backbone', 'encoder', 'encoder_decoder'}),
        ('decode_head.aspp_modules.0.conv.weight', {'encoder', 'encoder_decoder'}),
        ('decode_head.image_pool.1.conv.weight', {'encoder', 'encoder_decoder'}),
        ('decode_head.bottleneck.bn.weight', {'encoder', 'encoder_decoder'}),
        ('decode_head.sep_bottleneck.0.depthwise_conv.conv.weight', {'encoder_decoder'}),
        ('decode_head.c1_bottleneck.conv.weight', {'encoder_decoder'}),
        ('decode_head.conv_seg.weight', set()),
        ('style_head.projector.0.weight', set()),
    ],
)
def test_scopes(key, scopes):
    names = ('backbone', 'encoder', 'encoder_decoder')
    assert {scope for scope in names if in_scope(key, scope)} == scopes


@pytest.mark.parametrize('scope', ['backbone', 'encoder', 'encoder_decoder'])
def test_what_is_loaded_and_what_stays(tiny_glcnet, checkpoint, scope):
    model = segmentor(tiny_glcnet)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    source = torch.load(checkpoint, weights_only=True)['state_dict']
    report = load_pretrained(model, checkpoint, scope)
    for key, value in model.state_dict().items():
        expected = source[key] if in_scope(key, scope) else before[key]
        assert torch.equal(value, expected), key
    assert sum(report.matched.values()) == sum(in_scope(key, scope) for key in before)
    assert f"scope '{scope}'" in str(report) and 'backbone ' in str(report)


def test_everything_but_the_classifier_fits(tiny_glcnet, checkpoint):
    report = load_pretrained(segmentor(tiny_glcnet), checkpoint, 'encoder_decoder')
    total = len(segmentor(tiny_glcnet).state_dict())
    assert sum(report.matched.values()) == total - 2


def test_plain_state_dict_and_ddp_prefix(tiny_glcnet, checkpoint, tmp_path):
    state = torch.load(checkpoint, weights_only=True)['state_dict']
    path = str(tmp_path / 'plain.pth')
    torch.save({f'module.{key}': value for key, value in state.items()}, path)
    assert load_pretrained(segmentor(tiny_glcnet), path).matched['backbone'] > 0


def stops(model, checkpoint, scope, message):
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(CheckpointMismatchError, match=message):
        load_pretrained(model, checkpoint, scope)
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


def test_deep_stem_is_recognised(tiny_glcnet, checkpoint):
    model = segmentor(tiny_glcnet, backbone=dict(type='mmseg.ResNetV1c'))
    stops(model, checkpoint, 'backbone', r'(?s)backbone.stem.0.weight.*ResNetV1c')


def test_other_depth(tiny_glcnet, checkpoint):
    stops(
        segmentor(tiny_glcnet, backbone=dict(depth=34)),
        checkpoint,
        'backbone',
        r'(?s)missing in the file.*depth, width or type',
    )


def test_other_width(tiny_glcnet, checkpoint):
    model = segmentor(tiny_glcnet, backbone=dict(base_channels=4), in_channels=32, c1_in_channels=4)
    stops(model, checkpoint, 'backbone', '(?s)other shapes.*depth, width or type')


def test_other_bands(tiny_glcnet, checkpoint):
    model = segmentor(tiny_glcnet, backbone=dict(in_channels=4))
    stops(model, checkpoint, 'encoder', '(?s)conv1.weight.*number of bands')


def test_other_head(tiny_glcnet, checkpoint):
    head = dict(
        type='mmseg.PSPHead', in_channels=64, in_index=3, channels=16, num_classes=CLASSES,
        norm_cfg=dict(type='BN'),
    )  # fmt: skip
    model = MODELS.build(
        dict(type='EncoderDecoder', backbone=tiny_glcnet['backbone'], decode_head=head)
    )
    load_pretrained(model, checkpoint, 'backbone')
    stops(model, checkpoint, 'encoder', r"(?s)another decode head.*scope='backbone'")


def test_foreign_file(tiny_glcnet, tmp_path):
    path = str(tmp_path / 'x.pth')
    torch.save({'state_dict': {'encoder.weight': torch.zeros(2)}}, path)
    stops(segmentor(tiny_glcnet), path, 'backbone', '(?s)nothing was loaded.*no key of the scope')


def test_unknown_scope(tiny_glcnet, checkpoint):
    with pytest.raises(ConfigError, match=r"encoder_decoder, got 'all'"):
        load_pretrained(segmentor(tiny_glcnet), checkpoint, 'all')
