import pytest
import torch
from mmengine.registry import MODELS
from torch import nn
from torchvision.models import resnet50

from glcnet_plugin.checkpoints.key_conversion import (
    into_decoder,
    to_mm,
    to_timm,
    to_torchvision,
)
from glcnet_plugin.errors import CheckpointMismatchError


@pytest.fixture(scope='module')
def network():
    """torchvision's ResNet-50 whose batch norms are not the identity."""
    torch.manual_seed(0)
    model = resnet50().eval()
    for name, value in model.state_dict().items():
        if name.endswith('running_mean'):
            value.normal_(0, 0.1)
        if name.endswith('running_var'):
            value.uniform_(0.5, 1.5)
    return model


def backbone(kind='mmseg.ResNet'):
    model = MODELS.build(dict(type=kind, depth=50))
    model.eval()
    return model


def without_prefix(state):
    assert all(key.startswith('backbone.') for key in state)
    return {key.removeprefix('backbone.'): value for key, value in state.items()}


def lightly(network):
    """Names in nn.Sequential(*list(resnet.children())[:-1])."""
    return nn.Sequential(*list(network.children())[:-1]).state_dict(prefix='backbone.')


@pytest.mark.parametrize(
    ('make', 'name'),
    [
        (lambda net: net.state_dict(), 'torchvision or timm ResNet'),
        (lightly, 'lightly (children of a ResNet)'),
        (lambda net: net.state_dict(prefix='module.encoder_q.'), 'MoCo (encoder_q)'),
        (lambda net: net.state_dict(prefix='encoder_q.'), 'MoCo (encoder_q)'),
    ],
)
def test_every_layout_of_a_resnet_gives_the_features_of_torchvision(network, make, name):
    state, layout = to_mm(make(network), 'x.pth')
    assert layout == name
    ours = backbone()
    ours.load_state_dict(without_prefix(state), strict=True)
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        theirs = nn.Sequential(*list(network.children())[:-2])(x)  # output stride 32
        assert theirs.std() > 0.01
        torch.testing.assert_close(ours(x)[-1], theirs)


def test_back_to_torchvision(network):
    state, _ = to_mm(network.state_dict(), 'x.pth')
    back = to_torchvision(state)
    found = resnet50().load_state_dict(back, strict=False)
    assert found.missing_keys == ['fc.weight', 'fc.bias'] and found.unexpected_keys == []
    assert all(torch.equal(value, network.state_dict()[key]) for key, value in back.items())


# what timm calls the parts of resnet50c that torchvision has not
DEEP = {
    'stem.0.weight': 'conv1.0.weight',
    'stem.1.running_var': 'conv1.1.running_var',
    'stem.3.weight': 'conv1.3.weight',
    'stem.4.bias': 'conv1.4.bias',
    'stem.6.weight': 'conv1.6.weight',
    'stem.7.weight': 'bn1.weight',
    'layer1.0.downsample.0.weight': 'layer1.0.downsample.0.weight',
}


def test_deep_stem_to_timm_and_back():
    inside = backbone('mmseg.ResNetV1c').state_dict()
    state = {f'backbone.{key}': value for key, value in inside.items()}
    there = to_timm(state)
    assert {f'backbone.{key}' for key in DEEP} <= set(state) and set(DEEP.values()) <= set(there)
    for ours, theirs in DEEP.items():
        assert torch.equal(there[theirs], state[f'backbone.{ours}'])
    again, layout = to_mm({**there, 'fc.weight': torch.zeros(1)}, 'x.pth')
    assert set(again) == set(state) and layout == 'torchvision or timm ResNet'


def test_torchvision_has_no_deep_stem():
    with pytest.raises(CheckpointMismatchError, match='resnet50c'):
        to_torchvision({'backbone.stem.0.weight': torch.zeros(1)})


def test_only_resnets_have_names_of_other_libraries():
    with pytest.raises(CheckpointMismatchError, match="blocks.0.w: use layout 'mm'"):
        to_timm({'backbone.blocks.0.w': torch.zeros(1)})


def keys(*names):
    return {name: torch.zeros(1) for name in names}


def test_segmentation_networks_keep_neck_and_decode_head():
    names = ['backbone.conv1.weight', 'neck.a', 'decode_head.conv_seg.weight']
    state, layout = to_mm(keys(*(f'module.{name}' for name in names), 'style_head.a'), 'x')
    assert sorted(state) == sorted(names) and layout == 'MM segmentation'


def test_the_neck_of_a_method_without_decode_head_is_no_neck_of_segmentation():
    state, layout = to_mm(keys('backbone.conv1.weight', 'neck.fc0.weight', 'head.a'), 'x')
    assert list(state) == ['backbone.conv1.weight'] and layout == 'MM backbone'


def test_unknown_names_are_listed():
    with pytest.raises(
        CheckpointMismatchError, match='x.pth has the keys of no layout.*encoder.weight'
    ):
        to_mm(keys('encoder.weight'), 'x.pth')


def test_two_layouts_at_once_are_refused():
    with pytest.raises(CheckpointMismatchError, match=r'MM backbone and of MoCo \(encoder_q\) at'):
        to_mm(keys('backbone.conv1.weight', 'encoder_q.conv1.weight'), 'x')


def test_networks_of_timm_keep_their_names():
    assert list(to_timm(keys('backbone.timm_model.stages.0.w'))) == ['stages.0.w']


def test_names_inside_a_decoder():
    state = {'backbone.a': torch.ones(1), 'decode_head.b': torch.ones(1)}
    inner = {'backbone.a': state['backbone.a'], 'decode_head.decoder.b': state['decode_head.b']}
    assert into_decoder(state, inner) == inner
    assert into_decoder(inner, inner) == inner
    assert into_decoder(state, state) == state
    assert into_decoder(inner, state) == inner  # has no place there, which loading tells
    own = {
        'decode_head.decoder.b': torch.ones(1),
        'decode_head.c': torch.ones(1),
    }  # a decoder in it
    inside = {key.replace('head.', 'head.decoder.', 1): value for key, value in own.items()}
    assert into_decoder(own, inside) == inside
    assert into_decoder(own, own) == own
