import pytest
import torch
from torch import nn

from glcnet_plugin.checkpoints.bands import (
    band_differences,
    band_record,
    inflate_bands,
    inflate_first_convolution,
)


@pytest.mark.parametrize('bands', [1, 2, 4, 13])
def test_an_image_of_equal_bands_gives_the_same_output(bands):
    weight = torch.randn(8, 3, 7, 7, dtype=torch.float64)
    grey = torch.randn(2, 1, 20, 20, dtype=torch.float64)
    before = nn.functional.conv2d(grey.expand(-1, 3, -1, -1), weight)
    after = nn.functional.conv2d(grey.expand(-1, bands, -1, -1), inflate_bands(weight, bands))
    torch.testing.assert_close(after, before)


def test_only_rgb_kernels_that_do_not_fit_are_inflated():
    offered = {
        'stem': torch.ones(4, 3, 7, 7),
        'layer': torch.ones(4, 8, 3, 3),
        'other': torch.ones(4, 3, 5, 5),
        'fits': torch.ones(4, 3, 3, 3),
    }
    wanted = {
        'stem': torch.zeros(4, 4, 7, 7),
        'layer': torch.zeros(4, 9, 3, 3),
        'other': torch.zeros(4, 4, 3, 3),
        'fits': torch.zeros(4, 3, 3, 3),
    }
    notes = inflate_first_convolution(offered, wanted)
    assert notes == ['stem: kernels of 3 bands inflated to 4 (mean of R, G, B times 3/4)']
    assert offered['stem'].shape == (4, 4, 7, 7) and (offered['stem'] == 0.75).all()
    assert offered['layer'].shape == (4, 8, 3, 3) and offered['other'].shape == (4, 3, 5, 5)


def test_a_network_that_normalises_nothing_has_no_record():
    assert band_record(nn.Linear(1, 1)) is None


def test_differences_are_told_with_both_values():
    before = {'names': ['R', 'G'], 'mean': [1.0, 2.0], 'std': [1.0, 1.0]}
    assert band_differences(before, dict(before)) == []
    assert band_differences(before, {**before, 'names': None}) == []
    assert band_differences(None, before) == band_differences(before, None) == []
    assert band_differences(before, {'names': ['G', 'R'], 'mean': [2.0, 1.0], 'std': [1.0]}) == [
        "bands were ['R', 'G'] in pretraining, they are ['G', 'R'] here",
        'mean was [1.0, 2.0] in pretraining, it is [2.0, 1.0] here',
        'std was [1.0, 1.0] in pretraining, it is [1.0] here',
    ]
