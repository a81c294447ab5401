import numpy as np
import pytest

from glcnet_plugin.datasets import value_range
from glcnet_plugin.datasets.scenes import UnlabeledSceneDataset
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.datasets.unlabeled import UnlabeledRSDataset
from glcnet_plugin.datasets.value_range import sampled_range, spread

LOAD = dict(type='glcnet_plugin.LoadRSImage')
CHANGE = dict(type='glcnet_plugin.RandomBrightnessContrast', prob=1.0)


@pytest.fixture
def radar(tmp_path):
    """Five images in dB: values evenly from -25 to 0, and heights from 0 to 1000 m."""
    rng = np.random.default_rng(0)
    for index in range(5):
        image = rng.uniform(0, 1, (64, 64, 2)) * [25, 1000] - [25, 0]
        image[0, 0] = -9999
        write_image(tmp_path / f'x{index}', image.astype(np.float32), nodata=-9999)
    return tmp_path


def dataset(folder, *steps, **settings):
    kind = settings.pop('kind', UnlabeledRSDataset)
    return kind(str(folder), pipeline=[LOAD, *steps], **settings)


def test_the_range_comes_from_the_images_without_nodata(radar):
    data = dataset(radar, CHANGE)
    np.testing.assert_allclose(data.value_range, [[-24.5, 20], [-0.5, 980]], atol=3)
    for index in range(5):
        np.testing.assert_array_equal(data.get_data_info(index)['value_range'], data.value_range)
    again = dataset(radar, CHANGE)
    np.testing.assert_array_equal(again.value_range, data.value_range)


@pytest.mark.parametrize('bands', [[1], ['b']])
def test_the_bands_of_the_loader_count(radar, bands):
    load = dict(LOAD, bands=bands, band_names=['a', 'b'])
    data = UnlabeledRSDataset(str(radar), pipeline=[load, CHANGE])
    np.testing.assert_allclose(data.value_range, [[20], [980]], atol=3)


def test_windows_of_scenes_get_the_range_too(radar):
    data = dataset(radar, CHANGE, kind=UnlabeledSceneDataset, window_size=16)
    assert data.value_range.shape == (2, 2) and data.value_range[0, 0] < -20
    info = data.get_data_info(0)
    assert set(info) >= {'img_path', 'window', 'value_range'}


def test_a_range_that_is_set_is_taken(radar, monkeypatch):
    monkeypatch.setattr(value_range, 'sampled_range', lambda *_: pytest.fail('reads images'))
    data = dataset(radar, CHANGE, value_range=[-30, 5])
    assert data.get_data_info(3)['value_range'].tolist() == [-30, 5]


def test_nothing_is_read_that_nobody_needs(radar, tmp_path, monkeypatch):
    eight_bit = tmp_path / 'rgb'
    eight_bit.mkdir()
    for index in range(3):
        write_image(eight_bit / f'x{index}', np.ones((8, 8, 3), np.uint8))
    reads = []
    read = value_range.read_masked
    monkeypatch.setattr(value_range, 'read_masked', lambda *a: reads.append(a[0]) or read(*a))
    assert 'value_range' not in dataset(radar).get_data_info(0) and not reads
    assert 'value_range' not in dataset(eight_bit, CHANGE).get_data_info(0)
    assert len(reads) == 1  # the first shows that all are 8-bit


def test_a_few_images_of_many_are_read(radar, monkeypatch):
    assert spread(range(100), 4) == [0, 33, 66, 99]
    assert spread('abc', 10) == ['a', 'b', 'c'] and spread([], 3) == []
    monkeypatch.setattr(value_range, 'SAMPLED_IMAGES', 2)
    data = dataset(radar, CHANGE)
    paths = [data.get_data_info(index)['img_path'] for index in (0, 4)]
    np.testing.assert_array_equal(data.value_range, sampled_range(paths))


def test_images_that_cannot_be_read_are_left_out(radar):
    (radar / 'x0.tif').write_bytes(b'broken')
    data = dataset(radar, CHANGE)
    assert data.value_range.shape == (2, 2)
    assert sampled_range([str(radar / 'x0.tif')]) is None


def test_large_images_are_read_in_the_middle(tmp_path, monkeypatch):
    image = np.full((60, 60, 1), 100, np.float32)
    image[20:40, 20:40] = 7
    path = str(write_image(tmp_path / 'x', image))
    monkeypatch.setattr(value_range, 'SAMPLED_SIDE', 20)
    assert sampled_range([path]).tolist() == [[7], [7]]
