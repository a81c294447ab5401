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
        np.testing.assert_array_equal(result.percentile(percent), exact)


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


def test_images_of_two_types(tmp_path):
    arrays = [np.full((2, 2, 4), 100, np.uint8), np.full((2, 2, 4), 2000.0, np.float32)]
    result = band_statistics(write(tmp_path, arrays), workers=0)
    assert result.mean.tolist() == [1050] * 4
    assert result.percentile(25).tolist() == [100] * 4


@pytest.mark.parametrize('dtype', ['uint8', 'uint16', 'float32'])
@pytest.mark.parametrize('block', [16, 2048])
def test_percentiles_of_many_pixels_come_from_a_sample(tmp_path, monkeypatch, dtype, block):
    monkeypatch.setattr(blocks, 'BLOCK', block)
    monkeypatch.setattr(module, 'BLOCK', block)
    monkeypatch.setattr(module, 'SAMPLED', 4000)
    rng = np.random.default_rng(0)
    # images of two sizes and ranges: each pixel has the same chance
    arrays = [rng.uniform(0, 100, (90, 90, 4)), rng.uniform(150, 250, (60, 60, 4))]
    paths = write(tmp_path, [array.astype(dtype) for array in arrays])
    result = band_statistics(paths, workers=0)
    assert abs(len(result.sample) - 4000) < 10 * len(paths) + 40
    pixels = np.concatenate([array.astype(dtype).reshape(-1, 4) for array in arrays])
    for percent in (1, 50, 98):
        share = (pixels <= result.percentile(percent)).mean(0)
        # ties of integers may share the percentile
        assert (np.abs(100 * share - percent) < (2.5 if dtype == 'uint8' else 2)).all()
    again = band_statistics(paths, workers=0)
    np.testing.assert_array_equal(again.percentile(50), result.percentile(50))


def test_files_without_band_names(tmp_path):
    np.save(tmp_path / 'x.npy', np.ones((3, 3, 5)))
    result = band_statistics([tmp_path / 'x.npy'], workers=0)
    assert result.names == (None,) * 5 and result.percentile(50).tolist() == [1] * 5
    empty = write_image(tmp_path / 'y', np.zeros((3, 3, 4), np.uint8), nodata=0)
    assert np.isnan(band_statistics([empty], workers=0).percentile(50)).all()


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


def test_bands_in_two_orders_are_refused(tmp_path):
    """Statistics of red and blue were mixed, and printed with the names of the first image."""
    image = np.ones((4, 5, 3), np.uint8)
    paths = [
        write_image(tmp_path / name, image, names) for name, names in (('a', 'RGB'), ('b', 'BGR'))
    ]
    with pytest.raises(DataError, match='b.tif has the bands B, G, R, .*a.tif has R, G, B'):
        band_statistics(paths, workers=0)
    assert band_statistics(paths, ['R', 'G'], workers=0).names == ('R', 'G')
    unnamed = write_image(tmp_path / 'c', image)
    assert band_statistics([paths[0], unnamed], workers=0).names == (None,) * 3
