import pytest
import torch

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.models.heads import BaseContrastHead


def test_projector_has_one_hidden_layer():
    head = BaseContrastHead(6, 5, 4)
    assert [tuple(p.shape) for p in head.parameters()] == [(5, 6), (5,), (4, 5), (4,)]
    assert head.project(torch.rand(2, 3, 6)).shape == (2, 3, 4)


def test_loss_settings_reach_the_loss():
    assert BaseContrastHead(6, 5, 4, dict(temperature=0.07)).loss_module.temperature == 0.07


def test_wrong_width_names_the_right_one():
    with pytest.raises(ConfigError, match='in_channels=6.*gives 7: set in_channels=7'):
        BaseContrastHead(6, 5, 4).project(torch.rand(2, 7))


def test_groups_by_image_and_by_scene():
    scenes = torch.tensor([7, 7, 2])
    assert BaseContrastHead(6, 5, 4).excluded_groups(scenes, 3, 2) is None
    by_image = BaseContrastHead(6, 5, 4, exclude='image').excluded_groups(None, 3, 2)
    assert by_image.tolist() == [[0, 0], [1, 1], [2, 2]]
    by_scene = BaseContrastHead(6, 5, 4, exclude='scene').excluded_groups(scenes, 3, 2)
    assert by_scene.tolist() == [[7, 7], [7, 7], [2, 2]]


def test_unknown_scenes():
    with pytest.raises(DataError, match='scene_pattern, and PackInputs algorithm_keys='):
        BaseContrastHead(6, 5, 4, exclude='scene').excluded_groups(None, 3, 2)


def test_unknown_exclusion():
    with pytest.raises(ConfigError, match="'image' or 'scene', got 'tile'"):
        BaseContrastHead(6, 5, 4, exclude='tile')


def test_norms_take_the_place_of_the_biases():
    head = BaseContrastHead(6, 5, 4, norm=True)
    kinds = [type(layer).__name__ for layer in head.projector]
    assert kinds == ['Linear', 'BatchNorm1d', 'ReLU', 'Linear', 'BatchNorm1d']
    assert head.projector[0].bias is None and head.projector[3].bias is None
    embeddings = head.project(torch.rand(8, 3, 6))  # of regions
    assert embeddings.shape == (8, 3, 4)
    torch.testing.assert_close(embeddings.mean((0, 1)), torch.zeros(4), atol=1e-5, rtol=0)
