import numpy as np
import pytest

from glcnet_plugin.datasets.tiling.gaps import marked_gaps
from glcnet_plugin.errors import DataError


@pytest.fixture
def image():
    return np.arange(1, 9, dtype=np.int16).reshape(2, 2, 2)


@pytest.fixture
def missing():
    return np.zeros((2, 2, 2), bool)


def test_pixels_that_miss_all_bands_have_a_mask(image, missing):
    assert marked_gaps(image, missing, 'x') == (image, {'missing': None})
    missing[0] = True
    same, marks = marked_gaps(image, missing, 'x')
    assert same is image and marks['missing'].tolist() == [[True, True], [False, False]]


def test_a_band_of_its_own_gets_a_value_that_is_no_data(image, missing):
    image[0, 0], missing[0, 0, 0] = (-9999, 5), True
    image[1, 1], missing[1, 1, 1] = (-9999, -32768), True
    marked, marks = marked_gaps(image, missing, 'x')
    assert marks == {'nodata': -32768}  # -9999 is data of the first band
    assert marked[0, 0].tolist() == [-32768, 5] and marked[1, 1].tolist() == [-9999, -32768]
    assert image[0, 0, 0] == -9999  # as the neighbours read it


def test_floats_get_nan(image, missing):
    values = image.astype(np.float32)
    values[0, 0, 0], missing[0, 0, 0] = np.nan, True
    assert marked_gaps(values, missing, 'x')[1] == {'missing': None}
    missing[1, 1, 1] = True
    marked, marks = marked_gaps(values, missing, 'x')
    assert np.isnan(marks['nodata']) and np.isnan(marked).sum() == 2


def test_no_value_is_free(missing):
    image = np.tile(np.arange(256, dtype=np.uint8)[:, None, None], (1, 1, 2))
    missing = np.zeros(image.shape, bool)
    missing[7, 0, 0] = True
    with pytest.raises(DataError, match='bands of x.vrt have different nodata values, and each'):
        marked_gaps(image, missing, 'x.vrt')
