import pytest
import torch
from mmengine.registry import MODELS

from glcnet_plugin.checkpoints.loading import SCOPES, load_pretrained, scope_filter, tensors_of
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
        ('neck.convs.0.weight', {'encoder', 'encoder_decoder'}),
        ('style_head.projector.0.weight', set()),
    ],
)
def test_scopes_with_a_bottleneck(key, scopes):
    keys = ['backbone.conv1.weight', 'decode_head.bottleneck.conv.weight']
    assert {scope for scope in SCOPES if scope_filter(keys, scope)(key)} == scopes


@pytest.mark.parametrize(
    ('key', 'scopes'),
    [
        ('backbone.layer1.0.conv1.weight', {'backbone', 'encoder', 'encoder_decoder'}),
        ('neck.convs.0.weight', {'encoder_decoder'}),
        ('decode_head.image_pool.1.conv.weight', {'encoder_decoder'}),  # LR-ASPP
        ('decode_head.convs.0.conv.weight', {'encoder_decoder'}),
        ('decode_head.conv_seg.bias', set()),
    ],
)
def test_without_a_bottleneck_the_backbone_is_the_encoder(key, scopes):
    keys = ['backbone.conv1.weight', 'neck.convs.0.weight', 'decode_head.convs.0.conv.weight']
    assert {scope for scope in SCOPES if scope_filter(keys, scope)(key)} == scopes


HEADS = {
    'DepthwiseSeparableASPPHead': dict(
        in_channels=8, in_index=3, dilations=(1, 2), c1_in_channels=4, c1_channels=2
    ),
    'ASPPHead': dict(in_channels=8, in_index=3, dilations=(1, 2)),
    'FCNHead': dict(in_channels=8, in_index=3),
    'PSPHead': dict(in_channels=8, in_index=3),
    'UPerHead': dict(in_channels=[4] * 4, in_index=[0, 1, 2, 3]),
    'SegformerHead': dict(in_channels=[4] * 4, in_index=[0, 1, 2, 3]),
    'FPNHead': dict(in_channels=[4] * 4, in_index=[0, 1, 2, 3], feature_strides=[4, 8, 16, 32]),
    'LRASPPHead': dict(
        in_channels=(4, 4, 8),
        in_index=(0, 1, 2),
        branch_channels=(4, 4),
        input_transform='multiple_select',
        dropout_ratio=0.1,
    ),
}


@pytest.mark.parametrize('name', HEADS)
def test_only_the_classifier_depends_on_the_number_of_classes(name):
    def shapes(classes):
        head = MODELS.build(
            dict(HEADS[name], type=name, channels=4, num_classes=classes, norm_cfg=dict(type='BN'))
        )
        return {f'decode_head.{k}': v.shape for k, v in head.state_dict().items()}

    few, many = shapes(3), shapes(5)
    belongs = scope_filter(few, 'encoder_decoder')
    assert {k for k in few if few[k] != many[k]} == {k for k in few if not belongs(k)}
    has_map = name in ('DepthwiseSeparableASPPHead', 'ASPPHead', 'PSPHead', 'UPerHead')
    assert any(map(scope_filter(few, 'encoder'), few)) == has_map


@pytest.mark.parametrize('scope', ['backbone', 'encoder', 'encoder_decoder'])
def test_what_is_loaded_and_what_stays(tiny_glcnet, checkpoint, scope):
    model = segmentor(tiny_glcnet)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    source = torch.load(checkpoint, weights_only=True)['state_dict']
    report = load_pretrained(model, checkpoint, scope)
    belongs = scope_filter(before, scope)
    for key, value in model.state_dict().items():
        expected = source[key] if belongs(key) else before[key]
        assert torch.equal(value, expected), key
    assert sum(report.matched.values()) == sum(map(belongs, before))
    assert f"scope '{scope}'" in str(report) and 'backbone ' in str(report)
    assert report.layout == 'MM segmentation' and report.layout in str(report)


def test_everything_but_the_classifier_fits(tiny_glcnet, checkpoint):
    report = load_pretrained(segmentor(tiny_glcnet), checkpoint, 'encoder_decoder')
    total = len(segmentor(tiny_glcnet).state_dict())
    assert sum(report.matched.values()) == total - 2


def inside_linear(glcnet):
    """The decoder of a pretraining inside a head that reads the maps of the backbone, too."""
    backbone = dict(
        type='glcnet_plugin.RSEncoderDecoder',
        backbone=glcnet['backbone'],
        decode_head=dict(
            type='glcnet_plugin.LinearDecoderHead',
            in_index=(0, 1, 2, 3),
            input_transform='resize_concat',
            num_classes=CLASSES,
            decoder=glcnet['decode_head'],
        ),
    )
    return MODELS.build(backbone)


def test_a_decode_head_fills_the_decoder_of_another(tiny_glcnet, checkpoint, tmp_path):
    model, trained = inside_linear(tiny_glcnet), torch.load(checkpoint)['state_dict']
    classifier = model.decode_head.conv_seg.weight.clone()
    load_pretrained(model, checkpoint, 'encoder_decoder')
    for key, value in model.decode_head.decoder.state_dict().items():
        assert torch.equal(value, trained[f'decode_head.{key}']), key
    assert torch.equal(model.decode_head.conv_seg.weight, classifier)
    saved = str(tmp_path / 'finetuned.pth')  # which has these names already
    torch.save({'state_dict': model.state_dict(), 'meta': {}}, saved)
    other = inside_linear(tiny_glcnet)
    load_pretrained(other, saved, 'encoder_decoder')
    assert torch.equal(
        other.decode_head.decoder.conv_seg.weight, trained['decode_head.conv_seg.weight']
    )


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
        r'(?s)missing in the file.*depth or type',
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
    stops(
        segmentor(tiny_glcnet),
        path,
        'backbone',
        'x.pth has the keys of no layout.*nothing was loaded.*encoder.weight',
    )


def saved(tmp_path, state):
    path = str(tmp_path / 'x.pth')
    torch.save({'state_dict': state}, path)
    return path


def test_no_tensors(tmp_path):
    with pytest.raises(CheckpointMismatchError, match='x.pth holds no tensors.*it has: model, opt'):
        tensors_of({'model': {'a': torch.zeros(1)}, 'optimizer': {}}, 'x.pth')


def test_a_head_without_its_backbone(tiny_glcnet, tmp_path):
    path = saved(tmp_path, {'decode_head.x': torch.zeros(2)})
    stops(segmentor(tiny_glcnet), path, 'backbone', 'it has no key of the scope')


def test_a_method_without_decode_head(tiny_glcnet, tmp_path):
    model = segmentor(tiny_glcnet)
    state = model.backbone.state_dict(prefix='backbone.')
    path = saved(tmp_path, {**state, 'neck.fc0.weight': torch.zeros(2)})
    stops(model, path, 'encoder', r"(?s)without a decode head, such as SimCLR.*scope='backbone'")
    report = load_pretrained(model, path, 'backbone')
    assert report.matched == {'backbone': len(state)} and report.layout == 'MM backbone'


def test_old_files_without_the_counter_of_batch_norms(tiny_glcnet, checkpoint, tmp_path):
    state = torch.load(checkpoint, weights_only=True)['state_dict']
    counters = [key for key in state if key.endswith('.num_batches_tracked')]
    path = saved(tmp_path, {k: v for k, v in state.items() if k not in counters})
    report = load_pretrained(segmentor(tiny_glcnet), path, 'backbone')
    inside = [key for key in state if key.startswith('backbone.') and key not in counters]
    assert counters and report.matched == {'backbone': len(inside)} and report.missing == []


def test_no_other_buffer_may_be_missing(tiny_glcnet, checkpoint, tmp_path):
    state = torch.load(checkpoint, weights_only=True)['state_dict']
    del state['backbone.bn1.running_mean']
    stops(segmentor(tiny_glcnet), saved(tmp_path, state), 'backbone', 'bn1.running_mean')


class StagesWithNorms(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = torch.nn.Module()
        self.backbone.conv = torch.nn.Conv2d(3, 2, 1)
        self.backbone.norm0 = torch.nn.LayerNorm(2)
        self.backbone.norm3 = torch.nn.LayerNorm(2)


@pytest.mark.parametrize('allowed', [('backbone.norm0.',), 'backbone.norm0.'])
def test_norms_that_a_classifier_lacks(tmp_path, allowed):
    model = StagesWithNorms()
    state = {k: v + 1 for k, v in model.state_dict().items() if '.norm0.' not in k}
    path = saved(tmp_path, state)
    stops(model, path, 'backbone', r"a classifier.*allow_missing=\['backbone.norm0.'\]")
    report = load_pretrained(model, path, 'backbone', allow_missing=allowed)
    assert report.missing == ['backbone.norm0.weight', 'backbone.norm0.bias']
    assert 'backbone.norm0.weight' in str(report) and report.matched == {'backbone': 4}
    assert torch.equal(model.backbone.norm0.weight, torch.ones(2))
    assert torch.equal(model.backbone.norm3.weight, torch.full((2,), 2.0))


def test_missing_is_allowed_only_where_it_is_named(tmp_path):
    model = StagesWithNorms()
    state = {k: v for k, v in model.state_dict().items() if '.norm' not in k}
    path = saved(tmp_path, state)
    with pytest.raises(CheckpointMismatchError, match='norm3.weight'):
        load_pretrained(model, path, 'backbone', allow_missing=['backbone.norm0.'])


def test_unknown_scope(tiny_glcnet, checkpoint):
    with pytest.raises(ConfigError, match=r"encoder_decoder, got 'all'"):
        load_pretrained(segmentor(tiny_glcnet), checkpoint, 'all')


def test_other_bands_of_a_transformer_are_recognised(tmp_path):
    arch = dict(embed_dims=4, depths=[1], num_heads=[1])
    backbone = dict(
        type='mmpretrain.SwinTransformer', arch=arch, out_indices=(0,), pad_small_map=True
    )
    head = dict(type='FCNHead', in_index=0, channels=4, num_classes=2)

    def build(bands):
        config = dict(type='glcnet_plugin.RSEncoderDecoder', decode_head=head)
        return MODELS.build(dict(config, backbone=dict(backbone, in_channels=bands)))

    path = str(tmp_path / 'swin.pth')
    torch.save({'state_dict': build(3).state_dict()}, path)
    with pytest.raises(CheckpointMismatchError, match='another number of bands'):
        load_pretrained(build(4), path, 'backbone')
