import pytest
import torch
from mmengine.registry import MODELS

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.models.data_preprocessors.multiband import (
    RSSegDataPreProcessor,
    RSSelfSupDataPreprocessor,
)

TYPES = ['glcnet_plugin.RSSelfSupDataPreprocessor', 'glcnet_plugin.RSSegDataPreProcessor']


@pytest.mark.parametrize('name', TYPES)
@pytest.mark.parametrize('bands', [1, 3, 4, 13])
def test_any_number_of_bands(name, bands):
    model = MODELS.build(dict(type=name, mean=[2.0] * bands, std=[4.0] * bands))
    assert model.mean.shape == model.std.shape == (bands, 1, 1)
    images = [torch.full((bands, 5, 5), 6.0)]
    assert (model({'inputs': images, 'data_samples': None})['inputs'][0] == 1).all()


@pytest.mark.parametrize('name', TYPES)
@pytest.mark.parametrize(
    ('mean', 'std', 'message'),
    [([1, 2], [1], 'got 2 and 1'), ([], [], 'got 0 and 0'), ([1, 2], [1, 0], 'positive')],
)
def test_bad_statistics(name, mean, std, message):
    with pytest.raises(ConfigError, match=message):
        MODELS.build(dict(type=name, mean=mean, std=std))


@pytest.mark.parametrize('name', TYPES)
def test_misspelt_key(name):
    with pytest.raises(TypeError, match='pad_vale'):
        MODELS.build(dict(type=name, mean=[1.0], std=[1.0], pad_vale=0))


@pytest.mark.parametrize('name', TYPES)
def test_band_names(name):
    model = MODELS.build(dict(type=name, mean=[1.0], std=[1.0], band_names=['NIR']))
    assert model.band_names == ['NIR']
    with pytest.raises(ConfigError, match=r"1 means, but 2 band_names: \['R', 'G'\]"):
        MODELS.build(dict(type=name, mean=[1.0], std=[1.0], band_names=['R', 'G']))


def test_images_are_normalised_per_band_and_stacked():
    model = RSSegDataPreProcessor(mean=[1, 2, 3, 4], std=[1, 1, 2, 2])
    images = [torch.full((4, 3, 3), value, dtype=torch.uint8) for value in (5, 9)]
    result = model({'inputs': images, 'data_samples': None})['inputs']
    assert result.shape == (2, 4, 3, 3)
    assert result[0, :, 0, 0].tolist() == [4.0, 3.0, 1.0, 0.5]


def test_bands_of_images_must_match_the_means():
    model = RSSegDataPreProcessor(mean=[0.0] * 3, std=[1.0] * 3)
    with pytest.raises(DataError, match=r'5 bands.*3 means'):
        model({'inputs': [torch.zeros(5, 3, 3)], 'data_samples': None})


def test_every_view_is_normalised_per_band():
    model = RSSelfSupDataPreprocessor(mean=[1, 2, 3, 4], std=[1, 1, 2, 2])
    views = [torch.full((2, 4, 3, 3), value, dtype=torch.uint8) for value in (5, 9)]
    result = model({'inputs': views, 'data_samples': [None, None]})['inputs']
    assert result[0][0, :, 0, 0].tolist() == [4.0, 3.0, 1.0, 0.5]
    assert result[1][1, :, 2, 2].tolist() == [8.0, 7.0, 3.0, 2.5]


def test_bands_of_views_must_match_the_means():
    model = RSSelfSupDataPreprocessor(mean=[0.0] * 3, std=[1.0] * 3)
    with pytest.raises(DataError, match=r'5 bands.*3 means.*in_channels'):
        model({'inputs': [torch.zeros(2, 5, 3, 3)] * 2, 'data_samples': None})
