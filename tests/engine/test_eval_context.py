import random
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS
from torch import nn

from glcnet_plugin.engine.eval_context import PretrainFeatures, preserve_training_state
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.utils.pixel_features import normalise

DEMOS = sorted((Path(__file__).parents[2] / 'configs/baselines').glob('*/*-60e_demo.py'))


def draws():
    return random.random(), np.random.rand(), torch.rand(1).item()


def test_modes_streams_and_gradients_are_restored_even_after_an_error():
    model = nn.Sequential(nn.BatchNorm2d(3), nn.Dropout(), nn.Sequential(nn.BatchNorm2d(3).eval()))
    modes = [module.training for module in model.modules()]
    torch.manual_seed(1), random.seed(1), np.random.seed(1)
    expected = draws()
    torch.manual_seed(1), random.seed(1), np.random.seed(1)
    with pytest.raises(KeyError), preserve_training_state(model):
        assert not any(module.training for module in model.modules())
        assert not model(torch.rand(2, 3, 4, 4)).requires_grad
        assert draws() != expected
        raise KeyError
    assert draws() == expected
    assert [module.training for module in model.modules()] == modes and False in modes
    assert torch.is_grad_enabled() and model[0].num_batches_tracked == 0


@pytest.mark.parametrize('path', DEMOS, ids=lambda path: path.parent.name)
def test_every_baseline_gives_features_of_pixels(path, mmpretrain_scope):
    model = MODELS.build(Config.fromfile(path).model)
    x = normalise(model, torch.randint(0, 256, (1, 3, 96, 80)).byte())
    points = torch.tensor([[[0, 0], [79, 95], [40, 50]]])
    features = PretrainFeatures(model)
    with preserve_training_state(model):
        first, second = features.at(x, points), features.at(x, points)
        assert all(m.ndim == 4 and m.shape[-2] > m.shape[-1] for m in features(x))
    assert first.shape[:2] == (1, 3) and first.isfinite().all()
    assert torch.equal(first, second)  # nothing is masked at random
    assert not torch.equal(first[0, 0], first[0, 1])


def test_the_patches_of_mae_lie_where_they_are_in_the_image(mmpretrain_scope):
    (path,) = (path for path in DEMOS if path.parent.name == 'mae')
    model = MODELS.build(Config.fromfile(path).model)
    for layer in model.backbone.layers:
        layer.attn = nn.Identity()  # a patch sees itself alone
    x = torch.zeros(1, 3, 64, 64)
    with preserve_training_state(model):
        before = PretrainFeatures(model)(x)[0]
        x[:, :, 16:24, 40:48] = 1.0
        changed = (PretrainFeatures(model)(x)[0] - before).abs().sum(1)[0]
    # the cells that differ: row 16 / 8, column 40 / 8
    assert changed.nonzero().tolist() == [[2, 5]] and model.backbone.out_type == 'raw'


def test_maps_of_our_networks_end_with_the_encoder_map(tiny_glcnet, mmpretrain_scope):
    model = MODELS.build(tiny_glcnet).eval()
    assert [m.shape[1] for m in PretrainFeatures(model)(torch.rand(1, 3, 64, 64))] == [
        8,
        16,
        32,
        64,
        16,
    ]


def test_a_backbone_is_needed():
    with pytest.raises(ConfigError, match='Linear has no backbone'):
        PretrainFeatures(nn.Linear(2, 2))
