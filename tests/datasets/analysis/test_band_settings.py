from pathlib import Path

import numpy as np
import pytest

from glcnet_plugin.datasets.analysis.band_settings import band_settings
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError


@pytest.fixture
def write(tmp_path):
    def write(name, bands, dtype, level=0):
        image = np.full((8, 8, bands), 100, dtype)
        image[:4] += np.arange(bands, dtype=dtype) + np.dtype(dtype).type(level)
        write_image(tmp_path / name, image)
        return next(tmp_path.glob(f'{name}.*'))

    return write


def test_8_bit_rgb_keeps_the_numbers_of_the_config(write):
    assert band_settings([write('a', 3, np.uint8)]) == {}


@pytest.mark.parametrize(
    ('bands', 'dtype', 'network'), [(4, np.uint8, 3), (3, np.uint16, 3), (3, np.uint8, 4)]
)
def test_anything_else_is_measured(write, bands, dtype, network):
    paths = [write('a', bands, dtype), write('b', bands, dtype, 2)]
    settings = band_settings(paths, network_bands=network)
    assert settings['model.backbone.in_channels'] == bands
    # half of each image is 100, the other half 100 + band, and 2 more in b
    expected = [100 + (band + (band + 2)) / 4 for band in range(bands)]
    assert settings['model.data_preprocessor.mean'] == pytest.approx(expected)
    assert len(settings['model.data_preprocessor.std']) == bands
    assert min(settings['model.data_preprocessor.std']) > 0


def test_constant_bands_have_a_positive_deviation(write, tmp_path):
    write_image(tmp_path / 'flat', np.full((8, 8, 4), 7, np.uint8))
    (path,) = tmp_path.glob('flat.*')
    assert band_settings([path])['model.data_preprocessor.std'] == [1e-6] * 4


def test_chosen_bands_are_measured_alone(write):
    settings = band_settings([write('a', 5, np.uint16)], bands=[4, 1])
    assert settings['model.backbone.in_channels'] == 2
    assert settings['model.data_preprocessor.mean'] == pytest.approx([102, 100.5])


def test_images_of_different_bands_are_refused(write):
    with pytest.raises(DataError, match='bands'):
        band_settings([write('a', 4, np.uint8), write('b', 5, np.uint8)])


@pytest.mark.parametrize('bands', [3, 4])
def test_other_bands_set_the_network(tmp_path, bands):
    rng = np.random.default_rng(0)
    for index in range(3):
        write_image(tmp_path / str(index), rng.integers(0, 9, (20, 20, bands)).astype(np.uint8))
    settings = band_settings(sorted(Path(tmp_path).iterdir()))
    if bands == 3:
        assert settings == {}
    else:
        assert settings['model.backbone.in_channels'] == 4
        assert settings['model.data_preprocessor.mean'] == pytest.approx([4] * 4, abs=0.3)
