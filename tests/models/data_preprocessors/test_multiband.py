import pytest
import torch
from mmengine.registry import MODELS

from glcnet_plugin.errors import ConfigError

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
