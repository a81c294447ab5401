import pytest
import torch

from glcnet_plugin.errors import DataError
from glcnet_plugin.models.data_preprocessors.seg import RSSegDataPreProcessor


def test_images_are_normalised_per_band_and_stacked():
    model = RSSegDataPreProcessor(mean=[1, 2, 3, 4], std=[1, 1, 2, 2])
    images = [torch.full((4, 3, 3), value, dtype=torch.uint8) for value in (5, 9)]
    result = model({'inputs': images, 'data_samples': None})['inputs']
    assert result.shape == (2, 4, 3, 3)
    assert result[0, :, 0, 0].tolist() == [4.0, 3.0, 1.0, 0.5]


def test_bands_are_compared_with_the_means():
    model = RSSegDataPreProcessor(mean=[0.0] * 3, std=[1.0] * 3)
    with pytest.raises(DataError, match=r'5 bands.*3 means'):
        model({'inputs': [torch.zeros(5, 3, 3)], 'data_samples': None})
