from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.registry import MODELS
from mmpretrain.structures import DataSample
from PIL import Image

from glcnet_plugin.datasets.drawn_views import DrawnViews
from glcnet_plugin.engine.hooks.pretrain_visualization import PretrainVisualizationHook, deep_map
from glcnet_plugin.errors import ConfigError

pytestmark = pytest.mark.slow  # builds networks, or trains


def hook(**settings):
    return dict(type=PretrainVisualizationHook, **{'interval': 2, 'images': 3, **settings})


def pictures(folder):
    return sorted(path.stem for path in folder.rglob('vis_image/*.png'))


def test_pictures_come_at_the_start_and_every_interval(train, tiny_glcnet, tmp_path):
    train(tiny_glcnet, tmp_path, [hook()], epochs=4)
    # 2 iterations per epoch: features after epochs 2 and 4, pairs at the start of these
    assert pictures(tmp_path) == [
        'features_0', 'features_4', 'features_8', 'matched_regions_2', 'matched_regions_6'
    ]  # fmt: skip
    for path in tmp_path.rglob('vis_image/*.png'):
        with Image.open(path) as image:
            assert image.size[0] == 780 and np.asarray(image).std() > 20  # 3 columns of 2.6 inch


def test_training_is_the_same_with_and_without(train, tiny_glcnet, tmp_path):
    runs = [
        train(tiny_glcnet, tmp_path / str(len(hooks)), hooks, epochs=4).model
        for hooks in ([hook(interval=1)], [])
    ]
    states = [model.state_dict() for model in runs]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[1])
    modes = [[module.training for module in model.modules()] for model in runs]
    assert modes[0] == modes[1]


def test_the_images_stay_the_same(train, tiny_glcnet, tmp_path, monkeypatch):
    from glcnet_plugin.engine.hooks import pretrain_visualization as pretrain_pictures

    drawn = []
    draw = pretrain_pictures.draw_features

    def keep(images, maps, titles, name):
        drawn.append((images, maps, titles, name))
        return draw(images, maps, titles, name)

    monkeypatch.setattr(pretrain_pictures, 'draw_features', keep)
    train(tiny_glcnet, tmp_path, [hook(interval=1)], epochs=2)
    assert [call[3] for call in drawn] == [f'dense map at iteration {step}' for step in (0, 2, 4)]
    assert all(call[2] == drawn[0][2] and len(call[2]) == 3 for call in drawn)
    assert all(title.startswith('tile') for title in drawn[0][2])
    for call in drawn[1:]:
        np.testing.assert_array_equal(np.stack(call[0]), np.stack(drawn[0][0]))
        assert not torch.equal(call[1], drawn[0][1])  # the network has changed


def test_the_map_is_the_one_that_is_learnt(tiny_glcnet, mmpretrain_scope):
    x = torch.rand(2, 3, 64, 64)
    model = MODELS.build(tiny_glcnet).eval()
    encoder_map, dense_map = model.forward_maps(x)
    name, shown = deep_map(model, x)
    assert name == 'dense map' and torch.equal(shown, dense_map)
    model.local_head = None
    name, shown = deep_map(model, x)
    assert name == 'encoder map' and torch.equal(shown, encoder_map)


def test_a_baseline_shows_its_backbone_alone(train, tiny_glcnet, tmp_path):
    neck = dict(type='NonLinearNeck', in_channels=64, hid_channels=8, out_channels=8)
    model = dict(
        type='SimCLR',
        data_preprocessor=dict(
            type='glcnet_plugin.RSSelfSupDataPreprocessor', mean=[127.5] * 3, std=[80.0] * 3
        ),
        backbone=dict(tiny_glcnet['backbone'], out_indices=(3,)),
        neck=dict(neck, with_avg_pool=True),
        head=dict(type='ContrastiveHead', loss=dict(type='CrossEntropyLoss'), temperature=0.1),
    )
    train(model, tmp_path, [hook()], epochs=2)
    assert pictures(tmp_path) == ['features_0', 'features_4']


def test_a_batch_of_one_view_and_fewer_images_than_asked_for():
    settings = PretrainVisualizationHook(images=9)
    samples = [DataSample(metainfo=dict(img_path=str(Path('a') / 'b.tif'))), DataSample()]
    batch = {'inputs': torch.zeros(2, 3, 4, 4), 'data_samples': samples}
    assert [view.shape for view in settings._views(batch)] == [(2, 3, 4, 4)]
    assert settings._titles(batch) == ['b', '']


def test_views_that_the_data_preprocessor_makes():
    pytest.importorskip('kornia')
    sample = DataSample()
    to_tile = np.stack([np.eye(3), np.diag([2.0, 2, 1])])
    sample.set_field(DrawnViews(to_tile, (4, 4), ({}, {})), 'drawn_views')
    batch = {'inputs': torch.arange(64.0).view(1, 1, 8, 8), 'data_samples': [sample]}
    first, second = PretrainVisualizationHook()._views(batch)
    torch.testing.assert_close(first, batch['inputs'][..., :4, :4])
    assert second.shape == (1, 1, 4, 4)


def test_bad_settings():
    with pytest.raises(ConfigError, match='at least 1, got 0, 4'):
        PretrainVisualizationHook(interval=0)
    with pytest.raises(ConfigError, match='at least 1, got 10, 0'):
        PretrainVisualizationHook(images=0)
