import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp

from glcnet_plugin.datasets.io import rasters
from glcnet_plugin.datasets.io.rasters import (
    band_indices,
    is_virtual,
    opened,
    read_raster,
    read_window,
)
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError


@pytest.fixture
def numbers():
    """(40, 50, 4): every value says where it is."""
    y, x, band = np.mgrid[:40, :50, :4]
    return (y * 1000 + x * 10 + band).astype(np.uint16)


@pytest.mark.parametrize('layout', [{}, {'tiled': True, 'blockxsize': 16, 'blockysize': 16}])
def test_windows_of_tiled_and_striped_files(tmp_path, numbers, layout):
    path = tmp_path / 'x.tif'
    profile = dict(width=50, height=40, count=4, dtype='uint16', **layout)
    with rasterio.open(path, 'w', 'GTiff', **profile) as raster:
        raster.write(numbers.transpose(2, 0, 1))
    for window in ((0, 0, 40, 50), (7, 13, 20, 5), (39, 49, 1, 1)):
        y, x, height, width = window
        image, missing = read_window(path, [2, 0], window)
        assert missing is None
        np.testing.assert_array_equal(image, numbers[y : y + height, x : x + width, [2, 0]])


@pytest.mark.parametrize('window', [(-1, 0, 5, 5), (36, 0, 5, 5), (0, 46, 5, 5)])
def test_a_window_outside_names_file_and_sizes(tmp_path, numbers, window):
    path = write_image(tmp_path / 'x', numbers)
    with pytest.raises(DataError, match=r'x.tif is 40x50 px, it has no window'):
        read_window(path, None, window)


def test_a_rewritten_file_is_not_read_from_the_old_handle(tmp_path):
    path = write_image(tmp_path / 'x', np.full((8, 8, 4), 1, np.uint8))
    assert read_window(path, None, (0, 0, 8, 8))[0].max() == 1
    write_image(tmp_path / 'x', np.full((9, 9, 4), 2, np.uint8))
    assert read_window(path, None, (0, 0, 9, 9))[0].min() == 2


def test_open_scenes_are_limited(tmp_path):
    rasters._kept_open.cache_clear()
    for index in range(rasters.OPEN_SCENES + 5):
        path = write_image(tmp_path / f'x{index}', np.zeros((4, 4, 4), np.uint8))
        read_window(path, None, (0, 0, 4, 4))
    assert rasters._kept_open.cache_info().currsize == rasters.OPEN_SCENES


def test_nodata_and_nan_are_missing(tmp_path):
    image = np.ones((4, 4, 2), np.float32)
    image[0, 0] = -9999
    image[1, 1, 1] = np.nan
    image[2, 2, 0] = np.inf
    path = write_image(tmp_path / 'x', image, nodata=-9999)
    with opened(path) as raster:
        _, missing = read_raster(raster)
    expected = np.zeros((4, 4, 2), bool)
    expected[0, 0] = expected[1, 1, 1] = expected[2, 2, 0] = True
    np.testing.assert_array_equal(missing, expected)


def test_only_the_nodata_of_chosen_bands_counts(tmp_path):
    image = np.ones((4, 4, 2), np.int16)
    image[..., 1] = -1
    path = write_image(tmp_path / 'x', image, nodata=-1)
    with opened(path) as raster:
        assert read_raster(raster, [0])[1] is None
        assert read_raster(raster, [1])[1].all()


def test_near_infrared_marked_as_alpha_is_data(tmp_path):
    path = tmp_path / 'x.tif'
    image = np.ones((4, 6, 6), np.uint8)
    image[3] = 0
    with rasterio.open(path, 'w', 'GTiff', 6, 6, 4, dtype='uint8') as raster:
        raster.write(image)
    with opened(path) as raster:
        assert raster.colorinterp[3] == ColorInterp.alpha  # the trap is there
        assert read_raster(raster)[1] is None


def test_internal_masks_count(tmp_path):
    path = tmp_path / 'x.tif'
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, 'w', 'GTiff', 4, 4, 3, dtype='uint8') as raster,
    ):
        raster.write(np.ones((3, 4, 4), np.uint8))
        valid = np.full((4, 4), 255, np.uint8)
        valid[0, 1] = 0
        raster.write_mask(valid)
    with opened(path) as raster:
        assert np.argwhere(read_raster(raster)[1].all(-1)).tolist() == [[0, 1]]


def test_band_names_and_indices():
    names = ('R', 'G', None, 'NIR')
    assert band_indices(['NIR', 0], 4, names, 'f') == [3, 0]
    assert band_indices(None, 4, names, 'f') == [0, 1, 2, 3]
    with pytest.raises(DataError, match=r"f has no bands named \['SWIR'\]; it names \['R', 'G'"):
        band_indices(['SWIR'], 4, names, 'f')
    for wrong in ([4], [-1], []):
        with pytest.raises(DataError, match=r'f has 4 bands, cannot choose .* from 0'):
            band_indices(wrong, 4, names, 'f')


def test_virtual_addresses():
    assert is_virtual('/vsicurl/https://a/b.tif') and not is_virtual('/data/vsi.tif')
