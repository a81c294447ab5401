import numpy as np
import pytest

from glcnet_plugin.datasets.drawn_views import draw
from glcnet_plugin.datasets.transforms.photometric import (
    RandomBandCopy,
    RandomGaussianBlur,
    RandomHSVShift,
    RandomPixelNoise,
)


def picture(bands=3, dtype=np.uint8):
    return np.random.randint(0, 256, (40, 48, bands)).astype(dtype)


def test_ranges_are_those_of_the_data():
    floats = picture(4, np.float32)
    sample = {'value_range': np.array([[-20.0, -30, -40, -50], [0, 1, -40, 3]])}
    shift = RandomHSVShift(bands=(2, 1, 0))
    change = draw(shift, floats, sample)
    assert change.low.tolist() == [-40, -30, -20] and change.width.tolist() == [1, 31, 20]
    assert not change.limited and (np.abs(change.shift) <= [60, 5 / 255, 15 / 255]).all()
    change = draw(RandomBandCopy(), floats, sample)
    assert change.width.tolist() == [20, 31, 0, 53] and change.band in range(4)
    change = draw(shift, picture(), {})
    assert change.limited and change.width.tolist() == [255] * 3


def test_images_without_named_colours_keep_them():
    assert draw(RandomHSVShift(), picture(5, np.float32), {'colour_bands': None}) is None


def test_blur_has_the_kernel_of_opencv():
    change = draw(RandomGaussianBlur([5]), picture(), {})
    np.testing.assert_allclose(change.kernel, np.array([1, 4, 6, 4, 1]) / 16)


def test_what_cannot_be_drawn_is_named():
    with pytest.raises(NotImplementedError, match='RandomPixelNoise'):
        draw(RandomPixelNoise(), picture(), {})
