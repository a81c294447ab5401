import numpy as np
import pytest
import torch
from matplotlib import pyplot
from matplotlib.figure import Figure

from glcnet_plugin.visualization import draw_matched_regions, to_rgb
from glcnet_plugin.visualization.views import to_pixels


def test_bytes_are_shown_as_they_are():
    image = np.random.randint(0, 255, (4, 5, 4)).astype(np.uint8)
    np.testing.assert_array_equal(to_rgb(image), image[..., :3])
    np.testing.assert_array_equal(to_rgb(image, (3, 0, 1)), image[..., [3, 0, 1]])


def test_other_types_are_stretched_and_nan_is_black():
    image = np.linspace(0, 9000, 400, dtype=np.float32).reshape(20, 20, 1)
    image[0, 0] = np.nan
    shown = to_rgb(image)
    assert shown.shape == (20, 20, 3) and shown.dtype == np.uint8
    assert shown[0, 0].max() == 0 and shown.max() == 255


def test_a_region_has_one_colour_in_both_views_and_invalid_ones_are_left_out():
    views = [[np.zeros((32, 32, 3), np.uint8)] * 2] * 2
    boxes = torch.rand(2, 2, 3, 2) * 20
    boxes = torch.cat([boxes, boxes + 8], -1)
    valid = torch.tensor([[True, True, True], [True, False, False]])
    figure = draw_matched_regions(views, boxes, valid)
    upper1, upper2, lower1, lower2 = figure.axes
    assert [len(axis.patches) for axis in (upper1, lower1, upper2, lower2)] == [3, 3, 1, 1]
    for above, below in zip(upper1.patches, lower1.patches, strict=True):
        assert above.get_edgecolor() == below.get_edgecolor()
    assert upper1.patches[0].get_xy() == tuple(boxes[0, 0, 0, :2].tolist())
    assert lower1.patches[2].get_xy() == tuple(boxes[0, 1, 2, :2].tolist())


def test_dark_images_are_brightened():
    dark = np.random.default_rng(0).integers(0, 40, (32, 32, 3)).astype(np.uint8)
    assert to_rgb(dark).max() == 255
    bright = dark * 6
    np.testing.assert_array_equal(to_rgb(bright), bright)


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16])
def test_opencv_can_draw_on_the_result(dtype):
    image = np.random.randint(0, 255, (8, 8, 4)).astype(dtype)
    shown = to_rgb(image, (3, 1, 0))
    assert shown.flags.c_contiguous


def test_a_pair_has_its_title():
    views = [[np.zeros((32, 32, 3), np.uint8)] * 2] * 2
    boxes, valid = torch.zeros(2, 2, 1, 4), torch.zeros(2, 1, dtype=torch.bool)
    figure = draw_matched_regions(views, boxes, valid, ['one', 'two'])
    assert [axis.get_title() for axis in figure.axes] == ['one', 'two', '', '']


def test_figures_are_rendered_without_pyplot():
    figure = Figure(figsize=(2, 1), facecolor=(1, 0, 0.2))
    pixels = to_pixels(figure, dpi=50)
    assert pixels.shape == (50, 100, 3) and pixels.flags.c_contiguous
    assert (pixels == [255, 0, 51]).all()
    assert not pyplot.get_fignums()
