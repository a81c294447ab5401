import pytest
import torch
from mmengine.registry import MODELS
from mmpretrain.structures import DataSample

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.models.data_preprocessors.multiband import (
    RSSegDataPreProcessor,
    RSSelfSupDataPreprocessor,
    move_samples,
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


def samples(count):
    made = [DataSample(metainfo=dict(img_path=str(index))) for index in range(count)]
    for index, sample in enumerate(made):
        sample.set_field(torch.full((2, 3, 3), float(index)), 'view_matrix')
        sample.set_field(torch.zeros(index + 1), 'ragged')
        sample.set_field(7 + index, 'scene')
    made[0].set_field(torch.ones(2), 'of_one')
    return made


def test_samples_are_moved_with_one_copy_per_key(monkeypatch):
    """On a GPU each of 64 copies waited for the device."""
    copies = []
    original = torch.Tensor.to
    monkeypatch.setattr(
        torch.Tensor,
        'to',
        lambda self, *args, **kw: copies.append(1) or original(self, *args, **kw),
    )
    moved = move_samples(samples(5), 'meta')
    assert len(copies) == 1 and all(one.view_matrix.device.type == 'meta' for one in moved)
    assert moved[0].ragged.device.type == moved[0].of_one.device.type == 'cpu'


def test_moved_samples_are_the_same():
    before = samples(3)
    after = RSSelfSupDataPreprocessor(mean=[0.0], std=[1.0]).cast_data(before)
    for one, other in zip(before, after, strict=True):
        assert torch.equal(one.view_matrix, other.view_matrix) and one.scene == other.scene
        assert torch.equal(one.ragged, other.ragged) and one.img_path == other.img_path
    assert 'of_one' in after[0] and 'of_one' not in after[1] and move_samples([], 'cpu') == []


def test_every_tensor_of_the_samples_ends_on_the_device():
    """Those that move_samples leaves, too."""
    preprocessor = RSSelfSupDataPreprocessor(mean=[0.0], std=[1.0]).to('meta')
    for sample in preprocessor.cast_data(samples(3)):
        tensors = [value for value in sample.values() if isinstance(value, torch.Tensor)]
        assert len(tensors) >= 2 and all(one.device.type == 'meta' for one in tensors)
