import chosen_tiles
import numpy as np
import pytest
import torch
from torch import nn

from glcnet_plugin.datasets.io.folder_format import image_files
from glcnet_plugin.inference.feature_model import FeatureModel


class Network(nn.Module):
    """Colours of pixels, and of blocks of 4 x 4."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(1))

    def data_preprocessor(self, data, training):
        return {'inputs': torch.stack(data['inputs']) / 255, 'data_samples': None}

    def backbone(self, images):
        return images * self.scale, nn.functional.avg_pool2d(images, 4)


@pytest.fixture
def model():
    return FeatureModel(Network().eval(), (), (), 3, None, 32, False, {}, 'x')


def test_pixels_have_the_features_of_their_place(scenes, model):
    name = next(iter(image_files(scenes / 'images')))
    tile = chosen_tiles.read_tile(name, scenes, model, 50)
    assert tile.features.shape == (50, 6) and tile.labels.shape == (50,)
    assert set(tile.labels) <= set(range(6))


def test_every_choice_is_scored_on_the_held_out_groups(scenes, model, monkeypatch):
    monkeypatch.setattr(chosen_tiles, 'TILES', 3)
    monkeypatch.setattr(
        chosen_tiles, 'colour_statistics',
        lambda paths: np.random.default_rng(0).normal(size=(len(paths), 6)),
    )  # fmt: skip
    found = chosen_tiles.study(scenes, ['s002'], model, draws=2)
    assert (found['pool'], found['scored']) == (8, 4)
    assert list(found['choices']) == list(chosen_tiles.CHOICES)
    for scores in found['choices'].values():
        assert len(scores['kappa']) == 2 and -1 < scores['mean'] <= 1
    text = chosen_tiles.table({'scenes: s002': found})
    assert text.splitlines()[0] == '| ground | random | even | colours | features | both |'
    assert text.count('±') == 5
