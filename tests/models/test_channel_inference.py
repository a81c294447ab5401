import pytest
import torch
from mmseg.models.decode_heads import FCNHead
from mmseg.models.decode_heads.decode_head import BaseDecodeHead
from mmseg.registry import MODELS as MMSEG

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.channel_inference import build_head, build_neck, build_part, input_bands

RESNET = dict(type='mmseg.ResNet', depth=18, stem_channels=8, base_channels=8)
WIDTHS = [8, 16, 32, 64]


@pytest.fixture(autouse=True)
def _scope(mmseg_scope):
    """Build as a fine-tuning config does."""


def head(name, **settings):
    return dict(type=f'mmseg.{name}', channels=4, num_classes=2, **settings)


def infer(backbone, neck=None):
    return build_neck(build_part(backbone), backbone['type'], neck)


def fit_one(config, neck=None):
    return infer(RESNET, neck)[1](config)


def test_one_map_several_maps_and_the_default_index():
    assert fit_one(head('FCNHead', in_index=2))['in_channels'] == WIDTHS[2]
    assert fit_one(head('FCNHead'))['in_channels'] == WIDTHS[-1]
    assert fit_one(head('UPerHead', in_index=(0, 1, 3)))['in_channels'] == [8, 16, 64]


def test_low_level_map_of_deeplabv3plus():
    fitted = fit_one(head('DepthwiseSeparableASPPHead', in_index=3, c1_channels=4))
    assert (fitted['in_channels'], fitted['c1_in_channels']) == (64, 8)
    without = head('DepthwiseSeparableASPPHead', in_index=3, c1_in_channels=0, c1_channels=0)
    assert fit_one(without)['c1_in_channels'] == 0


def test_neck_stands_between():
    neck, fit = infer(RESNET, dict(type='mmseg.FPN', out_channels=5, num_outs=4))
    fitted = fit(head('FPNHead', in_index=(0, 1, 2, 3), feature_strides=[4, 8, 16, 32]))
    assert neck.in_channels == WIDTHS and fitted['in_channels'] == [5] * 4


def test_random_stream_and_configs_stay_as_they_were():
    config, backbone = head('FCNHead'), build_part(dict(RESNET, norm_eval=True))
    backbone.train()
    modes = [module.training for module in backbone.modules()]
    before = {key: value.clone() for key, value in backbone.state_dict().items()}
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    build_neck(backbone, 'ResNet', None)[1](config)
    assert torch.equal(torch.rand(1), expected)
    assert 'in_channels' not in config
    assert modes == [module.training for module in backbone.modules()] and len(set(modes)) == 2
    assert all(torch.equal(value, before[key]) for key, value in backbone.state_dict().items())


def test_given_widths_that_fit_are_kept():
    assert fit_one(head('FCNHead', in_channels=64))['in_channels'] == 64
    assert fit_one(head('UPerHead', in_channels=(8, 64), in_index=(0, 3)))['in_channels'] == [8, 64]


@pytest.mark.parametrize(
    ('config', 'text'),
    [
        (head('FCNHead', in_channels=512), r'FCNHead has in_channels=512.*set in_channels=64'),
        (
            head('UPerHead', in_channels=[1, 2], in_index=[0, 3]),
            r'in_channels=\[1, 2\].*\[8, 16, 32, 64\].*set in_channels=\[8, 64\]',
        ),
        (
            head('DepthwiseSeparableASPPHead', c1_in_channels=9, c1_channels=4),
            r'c1_in_channels=9.*set c1_in_channels=8',
        ),
        (head('FCNHead', in_index=4), r'reads map 4 .*mmseg.ResNet gives 4 maps'),
        (head('NoSuchHead'), r"no decode head 'mmseg.NoSuchHead' is registered"),
        ([head('FCNHead')], r'must be one config, got list: cascades'),
    ],
)
def test_what_does_not_fit_is_named(config, text):
    with pytest.raises(ConfigError, match=text):
        fit_one(config)


def test_neck_that_does_not_fit():
    neck = dict(type='mmseg.FPN', in_channels=[1, 2, 3, 4], out_channels=5, num_outs=4)
    with pytest.raises(ConfigError, match=r'FPN has in_channels=\[1, 2, 3, 4\].*\[8, 16, 32, 64\]'):
        fit_one(head('FCNHead'), neck)


def test_backbone_that_gives_vectors():
    vit = dict(type='mmpretrain.VisionTransformer', arch='deit-tiny', img_size=64)
    with pytest.raises(ConfigError, match=r"gave \[\(2, 192\)\].*out_type='featmap'"):
        infer(vit)


def test_backbone_that_does_not_run_keeps_its_own_message():
    assert input_bands(build_part(RESNET)) == 3
    arch = dict(embed_dims=4, depths=[1] * 4, num_heads=[1] * 4)
    swin = dict(type='mmpretrain.SwinTransformer', arch=arch, window_size=17)
    with pytest.raises(ConfigError, match=r'SwinTransformer does not run on images of 3 bands'):
        infer(swin)


def test_parts_are_built_where_they_come_from():
    """Under mmpretrain's scope mmseg's U-Net would not find its upsampling layer."""
    from mmengine.registry import DefaultScope

    unet = dict(type='mmseg.UNet', base_channels=4, upsample_cfg=dict(type='InterpConv'))
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        fitted = infer(unet)[1](dict(head('FCNHead'), type='FCNHead', in_index=4))
    assert fitted['in_channels'] == 4


class OwnArguments(BaseDecodeHead):
    """As the head in mmseg's own tests: no argument for the channels."""

    def __init__(self, num_classes=19, out_channels=None):
        super().__init__(64, 3, num_classes=num_classes, out_channels=out_channels)

    def forward(self, inputs):
        return self.cls_seg(self._transform_inputs(inputs))


class FixedChannels(FCNHead):
    """Hands its own channels to the base class."""

    def __init__(self, **settings):
        super().__init__(in_channels=64, **settings)


@pytest.fixture
def _heads(monkeypatch):
    heads = {kind.__name__: kind for kind in (OwnArguments, FixedChannels)}
    monkeypatch.setattr(MMSEG, '_module_dict', {**MMSEG._module_dict, **heads})


@pytest.mark.usefixtures('_heads')
@pytest.mark.parametrize(
    'config', [dict(type='OwnArguments', num_classes=2), head('FixedChannels')]
)
def test_heads_that_fix_their_channels(config):
    config = {**config, 'type': config['type'].removeprefix('mmseg.')}
    _, fit = infer(RESNET)
    built = build_head(lambda c: build_part(c, 'mmseg'), config, fit)
    assert built.in_channels == 64
    narrow = dict(RESNET, base_channels=4)
    _, fit = infer(narrow)
    with pytest.raises(ConfigError, match=r'fixes in_channels=64, but the maps .* have 32 chan'):
        build_head(lambda c: build_part(c, 'mmseg'), config, fit)


def test_other_errors_of_a_head_stay():
    _, fit = infer(RESNET)
    with pytest.raises(TypeError, match='no_such_argument'):
        build_head(build_part, head('FCNHead', no_such_argument=1), fit)
