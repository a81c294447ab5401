import pytest
import torch

from glcnet_plugin.errors import DataError
from glcnet_plugin.models.data_preprocessors.selfsup import RSSelfSupDataPreprocessor


def test_every_view_is_normalised_per_band():
    model = RSSelfSupDataPreprocessor(mean=[1, 2, 3, 4], std=[1, 1, 2, 2])
    views = [torch.full((2, 4, 3, 3), value, dtype=torch.uint8) for value in (5, 9)]
    result = model({'inputs': views, 'data_samples': [None, None]})['inputs']
    assert result[0][0, :, 0, 0].tolist() == [4.0, 3.0, 1.0, 0.5]
    assert result[1][1, :, 2, 2].tolist() == [8.0, 7.0, 3.0, 2.5]


def test_bands_are_compared_with_the_means():
    model = RSSelfSupDataPreprocessor(mean=[0.0] * 3, std=[1.0] * 3)
    with pytest.raises(DataError, match=r'5 bands.*3 means.*in_channels'):
        model({'inputs': [torch.zeros(2, 5, 3, 3)] * 2, 'data_samples': None})
