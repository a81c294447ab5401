import cv2
import numpy as np
import pytest

from glcnet_plugin.datasets.io.colour_bands import colour_bands
from glcnet_plugin.datasets.tiling.folder_writer import write_image


def written(path, bands, dtype=np.uint8, names=()):
    image = np.ones((4, 4, bands), dtype)
    return str(write_image(path / 'x', image, band_names=names))


@pytest.mark.parametrize(
    ('names', 'chosen', 'colours'),
    [
        (('R', 'G', 'B', 'NIR'), None, [0, 1, 2]),
        (('blue', 'Green', 'RED', 'NIR'), None, [2, 1, 0]),
        (('R', 'G', 'B', 'NIR'), [3, 2, 1, 0], [3, 2, 1]),
        (('R', 'G', 'B', 'NIR'), ['NIR', 'B', 'G', 'R'], [3, 2, 1]),
        (('R', 'G', 'B', 'NIR'), [3, 0, 1], None),  # no blue was chosen
        (('NIR', 'R', 'G', 'SWIR'), None, None),
        (('VV', 'VH', 'ratio', 'DEM'), None, None),
    ],
)
def test_names_of_the_file(tmp_path, names, chosen, colours):
    path = written(tmp_path, 4, np.float32, names)
    assert colour_bands(path, len(chosen or names), chosen) == colours


def test_names_that_are_given_are_believed_first(tmp_path):
    path = written(tmp_path, 4, names=('R', 'G', 'B', 'NIR'))
    assert colour_bands(path, 4, names=['VV', 'VH', 'HH', 'HV']) is None
    assert colour_bands(path, 4, names=['NIR', 'R', 'G', 'B']) == [1, 2, 3]


@pytest.mark.parametrize(
    ('bands', 'dtype', 'colours'),
    [
        (4, np.uint8, [0, 1, 2]),  # as GDAL takes three or four 8-bit bands
        (5, np.uint8, None),
        (3, np.float32, None),
        (4, np.uint16, None),
    ],
)
def test_colour_interpretation_of_files_without_names(tmp_path, bands, dtype, colours):
    assert colour_bands(written(tmp_path, bands, dtype), bands) == colours


def test_pictures_are_colours_and_arrays_are_not(tmp_path):
    path = tmp_path / 'x.png'
    cv2.imwrite(str(path), np.ones((4, 4, 3), np.uint8))
    assert colour_bands(path, 3) == [0, 1, 2]
    assert colour_bands(path, 3, bands=[2, 1, 0]) == [2, 1, 0]
    assert colour_bands(path, 1) is None  # grey
    assert colour_bands(path, 2, bands=[0, 1]) is None
    assert colour_bands(tmp_path / 'x.npy', 3) is None


def test_a_file_that_was_fetched_is_not_opened():
    assert colour_bands('s3://bucket/x.tif', 3, fetched=True) is None
    assert colour_bands('s3://bucket/x.jpg', 3, fetched=True) == [0, 1, 2]
