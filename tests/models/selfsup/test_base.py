import pytest
import torch

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.channel_inference import build_part
from glcnet_plugin.models.selfsup.base import SegPretrainer

BACKBONE = dict(type='mmseg.ResNet', depth=18, stem_channels=8, base_channels=8)
FCN = dict(type='mmseg.FCNHead', in_index=3, channels=4, num_classes=5, dropout_ratio=0.0)
NORMALISE = dict(mean=[127.5] * 3, std=[80.0] * 3)
RECORDED = dict(first=-5.786725936773109, last=4.831644415855408, next=0.4372938275337219)


@pytest.fixture(autouse=True)
def _scope(mmpretrain_scope):
    """Build as a pretraining config does."""


class Pretrainer(SegPretrainer):
    """The least that the base class asks for."""

    def loss(self, inputs, data_samples):
        return {}


def pretrainer(backbone=BACKBONE, decode_head=FCN, neck=None, style_source=None):
    return Pretrainer(backbone, decode_head, neck, style_source, NORMALISE, None)


def test_maps_of_a_head_without_context():
    model = pretrainer().eval()
    x = torch.rand(2, 3, 64, 64)
    encoder_map, dense_map = model.forward_maps(x)
    stages = model.backbone(x)
    torch.testing.assert_close(encoder_map, stages[-1])
    torch.testing.assert_close(dense_map, model.decode_head(stages))


def test_neck_is_used_and_named_as_in_mmseg():
    head = dict(FCN, in_index=0)
    model = pretrainer(decode_head=head, neck=dict(type='mmseg.FPN', out_channels=6, num_outs=4))
    encoder_map, dense_map = model.eval().forward_maps(torch.rand(1, 3, 64, 64))
    assert encoder_map.shape == (1, 64, 2, 2)  # of the backbone, not of the neck
    assert dense_map.shape == (1, 5, 16, 16)
    assert any(key.startswith('neck.lateral_convs.') for key in model.state_dict())


def test_encoder_map_of_a_unet_is_its_coarsest():
    unet = dict(type='mmseg.UNet', base_channels=4, num_stages=3, strides=(1, 1, 1),
                enc_num_convs=(1, 1, 1), dec_num_convs=(1, 1), downsamples=(True, True),
                enc_dilations=(1, 1, 1), dec_dilations=(1, 1))  # fmt: skip
    model = pretrainer(unet, dict(FCN, in_index=2))
    assert model.forward_maps(torch.rand(2, 3, 64, 64))[0].shape == (2, 16, 16, 16)


def test_trying_out_leaves_statistics_and_mode_alone():
    model = pretrainer()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    encoder_map, dense_map = model.dry_run()
    assert (encoder_map.shape[1], dense_map.shape[1]) == (64, 5)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
    assert model.training


def test_only_what_no_loss_reaches_is_frozen():
    convnext = dict(type='mmpretrain.ConvNeXt', arch=dict(depths=[1] * 4, channels=[4, 6, 8, 10]),
                    out_indices=(0, 1, 2, 3), gap_before_final_norm=False)  # fmt: skip
    model = pretrainer(convnext)
    encoder_map, dense_map = model.dry_run()
    model.freeze_unused([encoder_map, dense_map])
    frozen = {name for name, p in model.named_parameters() if not p.requires_grad}
    norms = {f'backbone.norm{i}.{kind}' for i in range(3) for kind in ('weight', 'bias')}
    assert frozen == norms  # the head reads the last stage only


def test_nothing_is_frozen_where_all_is_used():
    model = pretrainer()
    model.freeze_unused([model.dry_run()[1]])
    assert all(p.requires_grad for p in model.parameters())


def test_a_checkpointed_backbone_is_not_frozen():
    model = pretrainer(dict(BACKBONE, with_cp=True))
    model.freeze_unused([model.dry_run()[1]])
    assert all(p.requires_grad and p.grad is None for p in model.parameters())


def test_head_with_several_outputs():
    head = dict(type='mmseg.EncHead', in_index=(2, 3), channels=4, num_classes=5,
                num_codes=4, use_se_loss=True, add_lateral=False)  # fmt: skip
    with pytest.raises(ConfigError, match=r'EncHead must give one .* gave tuple: use a decode'):
        pretrainer(decode_head=head).dry_run()


def test_bands_of_backbone_and_normalisation_differ():
    with pytest.raises(ConfigError, match='takes 4 bands, .* has 3 means: set in_channels=3'):
        pretrainer(dict(BACKBONE, in_channels=4))


@pytest.mark.parametrize('neck', [None, dict(type='mmseg.FPN', out_channels=6, num_outs=4)])
def test_weights_are_those_of_parts_built_in_their_order(neck, monkeypatch):
    """What infers the channels draws no random numbers; the backbone is built once."""
    from mmseg.models.backbones import ResNet

    built = []
    build = ResNet.__init__

    def count(self, *args, **kwargs):
        built.append(self)
        build(self, *args, **kwargs)

    monkeypatch.setattr(ResNet, '__init__', count)
    head = FCN if neck is None else dict(FCN, in_index=0)
    torch.manual_seed(5)
    model = pretrainer(decode_head=head, neck=neck)
    model.freeze_unused([model.dry_run()[1]])
    after = torch.rand(1)
    assert len(built) == 1
    torch.manual_seed(5)
    backbone = build_part(BACKBONE)
    parts = {'backbone': backbone}
    if neck is not None:
        parts['neck'] = build_part(dict(neck, in_channels=[8, 16, 32, 64]))
    parts['decode_head'] = build_part(dict(head, in_channels=64 if neck is None else 6))
    expected = torch.nn.ModuleDict(parts).state_dict()
    assert torch.equal(torch.rand(1), after)
    state = model.state_dict()
    assert set(expected) == set(state)
    assert all(torch.equal(value, state[key]) for key, value in expected.items())


def test_weights_of_earlier_versions():
    """Recorded with the code that built the backbone twice."""
    torch.manual_seed(5)
    model = pretrainer()
    assert model.backbone.conv1.weight.double().sum().item() == pytest.approx(RECORDED['first'])
    last = model.decode_head.conv_seg.weight.double().abs().sum().item()
    assert last == pytest.approx(RECORDED['last'])
    assert torch.rand(1).item() == pytest.approx(RECORDED['next'])
