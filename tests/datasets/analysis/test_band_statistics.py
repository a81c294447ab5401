import numpy as np
import pytest

from glcnet_plugin.datasets.analysis import band_statistics as module
from glcnet_plugin.datasets.analysis.band_statistics import band_statistics
from glcnet_plugin.datasets.io import blocks
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError


def write(folder, arrays, **more):
    return [write_image(folder / f'x{i}', array, **more) for i, array in enumerate(arrays)]


def random_images(dtype, count=5, bands=4):
    rng = np.random.default_rng(1)
    low = 0 if np.dtype(dtype).kind == 'u' else -100
    scale = np.array([1, 3, 10, 20])[:bands]
    shapes = [(int(rng.integers(5, 30)), int(rng.integers(5, 30)), bands) for _ in range(count)]
    return [((rng.normal(40, 15, shape) * scale).clip(low, 250)).astype(dtype) for shape in shapes]


@pytest.mark.parametrize('dtype', ['uint8', 'uint16', 'int16', 'float32'])
@pytest.mark.parametrize('workers', [0, 2])
def test_equal_to_numpy_on_all_pixels_at_once(tmp_path, dtype, workers):
    arrays = random_images(dtype)
    result = band_statistics(write(tmp_path, arrays), workers=workers)
    pixels = np.concatenate([array.reshape(-1, 4) for array in arrays]).astype(np.float64)
    np.testing.assert_allclose(result.mean, pixels.mean(0), rtol=1e-12)
    np.testing.assert_allclose(result.std, pixels.std(0), rtol=1e-10)
    np.testing.assert_array_equal(result.minimum, pixels.min(0))
    np.testing.assert_array_equal(result.maximum, pixels.max(0))
    assert result.count.tolist() == [len(pixels)] * 4 and not result.missing.any()
    for percent in (1, 50, 98):
        exact = np.percentile(pixels, percent, axis=0, method='inverted_cdf')
        tolerance = 2**-8 if dtype == 'float32' else 0
        np.testing.assert_allclose(result.percentile(percent), exact, rtol=tolerance)


def test_missing_values_take_no_part(tmp_path):
    image = np.full((4, 5, 2), 7, np.float32)
    image[0, :, 0] = -9999
    image[1, 1, 1] = np.nan
    result = band_statistics(write(tmp_path, [image], nodata=-9999), workers=0)
    assert result.mean.tolist() == [7, 7] and result.std.tolist() == [0, 0]
    assert result.missing.tolist() == [5, 1] and result.count.tolist() == [15, 19]


def test_an_image_without_any_value_changes_nothing(tmp_path):
    empty = np.zeros((3, 3, 4), np.uint8)
    full = np.full((3, 3, 4), 5, np.uint8)
    result = band_statistics(write(tmp_path, [empty, full], nodata=0), workers=0)
    assert result.mean.tolist() == [5] * 4 and result.minimum.tolist() == [5] * 4


def test_large_scenes_are_read_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(blocks, 'BLOCK', 8)
    monkeypatch.setattr(module, 'BLOCK', 8)
    image = random_images('uint16', 1)[0]
    result = band_statistics(write(tmp_path, [image]), workers=0)
    assert result.count[0] == image.shape[0] * image.shape[1] > 64
    np.testing.assert_allclose(result.mean, image.mean((0, 1)), rtol=1e-12)
    np.testing.assert_allclose(result.std, image.std((0, 1)), rtol=1e-10)


def test_images_of_several_types(tmp_path):
    arrays = [np.full((2, 2, 4), 100, np.uint8), np.full((2, 2, 4), 2000.0, np.float32)]
    result = band_statistics(write(tmp_path, arrays), workers=0)
    assert result.mean.tolist() == [1050] * 4
    np.testing.assert_allclose(result.percentile(25), 100, rtol=2**-7)


def test_bands_by_name(tmp_path):
    image = random_images('uint8', 1)[0]
    paths = write(tmp_path, [image], band_names=('R', 'G', 'B', 'NIR'))
    assert band_statistics(paths, workers=0).names == ('R', 'G', 'B', 'NIR')
    result = band_statistics(paths, ['NIR'], workers=0)
    assert result.names == ('NIR',) and result.mean[0] == pytest.approx(image[..., 3].mean())


def test_problems(tmp_path):
    with pytest.raises(DataError, match='no images'):
        band_statistics([], workers=0)
    paths = write(tmp_path, [np.ones((2, 2, 4), np.uint8), np.ones((2, 2, 5), np.uint8)])
    with pytest.raises(DataError, match=r'x0.tif has 4 bands, .*x1.tif 5: choose bands'):
        band_statistics(paths, workers=0)
    paths[1].write_bytes(b'x')
    with pytest.raises(DataError, match=r'cannot decode image .*x1.tif'):
        band_statistics(paths, workers=2)
