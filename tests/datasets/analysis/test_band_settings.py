from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from glcnet_plugin.datasets.analysis.band_settings import NAMES, band_settings, require_order
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


def named(folder, name, bands, dtype=np.uint8):
    rng = np.random.default_rng(len(name))
    image = rng.integers(1, 99, (8, 8, len(bands))).astype(dtype)
    return write_image(folder / name, image, bands)


def test_names_that_all_images_say_are_recorded(tmp_path):
    """Checkpoints knew no names, so that maps of scenes in another order went unnoticed."""
    paths = [named(tmp_path, name, 'RGB') for name in 'ab']
    assert band_settings(paths) == {NAMES: ['R', 'G', 'B']}
    assert band_settings(paths, [2, 0])[NAMES] == ['B', 'R']
    unnamed = write_image(tmp_path / 'c', np.ones((8, 8, 3), np.uint8))
    assert band_settings([*paths, unnamed]) == {}
    dated = named(tmp_path, 'd', ['1_R', '1_G', '1_B'])
    assert band_settings([*paths, dated]) == {}


def test_images_in_two_orders_are_refused(tmp_path):
    paths = [named(tmp_path, 'a', 'RGB'), named(tmp_path, 'b', 'BGR')]
    with pytest.raises(DataError, match='b.tif has the bands B, G, R, .*a.tif has R, G, B'):
        band_settings(paths)
    assert band_settings(paths, ['R', 'G', 'B']) == {NAMES: ['R', 'G', 'B']}
    assert band_settings(paths, band_names=['x', 'y', 'z']) == {NAMES: ['x', 'y', 'z']}
    with pytest.raises(DataError, match=r'a.tif has the bands R, G, B, x.pth has G, R, B'):
        require_order(['G', 'R', 'B'], 'x.pth', paths)


def test_names_of_the_config_choose_bands_of_files_without(write):
    settings = band_settings([write('a', 4, np.uint8)], ['d', 'a'], band_names='abcd')
    assert settings[NAMES] == ['d', 'a']
    assert settings['model.data_preprocessor.mean'] == pytest.approx([101.5, 100])


def test_the_types_of_all_images_count(tmp_path, monkeypatch):
    """One 8-bit image among 16-bit ones kept the mean of 8-bit images for all."""
    said = []
    monkeypatch.setattr('glcnet_plugin.datasets.analysis.band_settings.print_log',
                        lambda text, **_: said.append(text))  # fmt: skip
    paths = [write_image(tmp_path / 'a', np.full((8, 8, 3), 9, np.uint8))]
    assert band_settings(paths) == {}
    paths += [write_image(tmp_path / 'b', np.full((8, 8, 3), 5009, np.uint16))]
    assert band_settings(paths)['model.data_preprocessor.mean'] == [2509] * 3
    assert len(said) == 1 and 'uint16, uint8' in said[0]


def test_damaged_images_leave_8_bit_rgb_as_it_is(tmp_path):
    paths = [write_image(tmp_path / 'b', np.full((8, 8, 3), 9, np.uint8)), tmp_path / 'c.png']
    paths[1].write_bytes(b'')
    assert band_settings(paths[::-1]) == {}
    with pytest.raises(DataError, match='cannot decode image'):
        band_settings(paths[1:])


def test_an_alpha_band_that_is_a_mask_is_not_measured(tmp_path):
    """Statistics of four bands were set for networks that read three."""
    image = np.full((8, 8, 4), 100, np.uint8)
    image[:4, :, 3] = 0
    image[:4, :, :3] = 7
    Image.fromarray(image).save(tmp_path / 'a.png')
    paths = [tmp_path / 'a.png']
    assert band_settings(paths, alpha='mask') == {}
    settings = band_settings(paths, alpha='mask', network_bands=4)
    assert settings['model.data_preprocessor.mean'] == [100] * 3
    assert len(band_settings(paths)['model.data_preprocessor.mean']) == 4
