import numpy as np
import pytest
import torch

from glcnet_plugin.visualization.features import draw_features, pca_colours


def test_components_are_those_of_all_cells_together():
    torch.manual_seed(0)
    basis = torch.linalg.qr(torch.randn(6, 6).double())[0].T  # rows are orthonormal
    parts = torch.randn(3, 2 * 4 * 5).double()
    parts -= parts.mean(1, keepdim=True)
    parts = torch.linalg.qr(parts.T)[0].T * torch.tensor([[9.0], [3.0], [1.0]])
    maps = (basis[:3].T @ parts + 7).view(6, 2, 4, 5).movedim(1, 0)
    colours, shares = pca_colours(maps)
    assert colours.shape == (2, 4, 5, 3) and colours.dtype == np.uint8
    assert shares == pytest.approx([81 / 91, 9 / 91, 1 / 91])
    for k in range(3):
        sign = basis[k][basis[k].abs().argmax()].sign()  # the largest loading is positive
        values = (parts[k] * sign).numpy()
        low, high = np.percentile(values, [2, 98])
        expected = 255 * np.clip((values - low) / (high - low), 0, 1)
        assert np.abs(colours[..., k].ravel() - expected).max() <= 1


def test_colours_do_not_depend_on_scale_or_offset_and_are_the_same_again():
    maps = torch.randn(2, 8, 6, 6)
    first, shares = pca_colours(maps)
    again, others = pca_colours(3 * maps + 5)
    assert np.abs(first.astype(int) - again).max() <= 1 and shares == pytest.approx(others, 1e-4)
    np.testing.assert_array_equal(first, pca_colours(maps)[0])


def test_maps_that_do_not_vary_are_grey():
    collapsed = torch.rand(8)[None, :, None, None].expand(2, 8, 3, 3)
    colours, shares = pca_colours(collapsed)
    assert (colours == 127).all() and shares == [0, 0, 0]


@pytest.mark.parametrize('shape', [(1, 1, 4, 4), (1, 2, 4, 4), (1, 64, 1, 2)])
def test_missing_components_are_grey(shape):
    colours, shares = pca_colours(torch.randn(shape))
    rank = min(shape[1], shape[2] * shape[3] - 1)
    assert (colours[..., rank:] == 127).all() and shares[rank:] == [0] * (3 - rank)
    assert sum(shares) == pytest.approx(1) and colours[..., 0].max() == 255


def test_cells_that_are_not_finite_are_grey():
    torch.manual_seed(0)
    maps = torch.randn(2, 8, 3, 3)
    maps[0, 4, 1, 2], maps[1, 0, 0, 0] = torch.nan, torch.inf
    colours, shares = pca_colours(maps)
    assert (colours[0, 1, 2] == 127).all() and (colours[1, 0, 0] == 127).all()
    assert colours[..., 0].max() == 255 and all(share > 0 for share in shares)
    colours, shares = pca_colours(maps * torch.nan)
    assert (colours == 127).all() and shares == [0, 0, 0]


def test_a_column_is_an_image_above_its_map():
    images = [np.full((32, 48, 4), 200, np.uint8)] * 2
    maps = torch.randn(2, 5, 4, 6)
    figure = draw_features(images, maps, ['first', 'second'], 'dense map')
    above, above2, below, below2 = figure.axes
    assert [axis.get_title() for axis in (above, above2)] == ['first', 'second']
    np.testing.assert_array_equal(below2.images[0].get_array(), pca_colours(maps)[0][1])
    assert below.images[0].get_extent() == [0, 48, 32, 0] and below2.images
    assert below.get_ylabel() == '5 channels, 4 x 6 cells'
    shares = ', '.join(f'{100 * share:.0f}' for share in pca_colours(maps)[1])
    assert figure.get_suptitle() == f'dense map: 3 principal components\n{shares} % of the variance'
