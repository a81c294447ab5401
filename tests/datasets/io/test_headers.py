import numpy as np
import pytest
import rasterio
from PIL import Image

from glcnet_plugin.datasets.io.headers import image_info, image_size, known_info
from glcnet_plugin.datasets.io.images import read_image, read_masked
from glcnet_plugin.datasets.tiling.folder_writer import write_image

RGB = np.random.default_rng(0).integers(1, 255, (6, 8, 3)).astype(np.uint8)


def saved(path, mode):
    """Pictures whose bands GDAL, OpenCV and Pillow count differently."""
    image = Image.fromarray(RGB)
    if mode == 'palette':
        image.quantize(5).save(path)
    elif mode == 'transparent colour':
        image.save(path, transparency=tuple(RGB[0, 0].tolist()))
    else:
        image.convert(mode).save(path)
    return str(path)


@pytest.mark.parametrize(
    ('mode', 'bands'),
    [('palette', 3), ('LA', 2), ('transparent colour', 3), ('RGB', 3), ('RGBA', 4), ('L', 1)],
)
def test_headers_count_the_bands_that_are_read(tmp_path, mode, bands):
    path = saved(tmp_path / 'x.png', mode)
    assert image_info(path).bands == read_image(path).shape[2] == bands
    assert image_info(path).dtype == str(read_image(path).dtype) == 'uint8'
    assert read_image(path, window=(1, 2, 3, 4)).shape == (3, 4, bands)


@pytest.mark.parametrize('suffix', ['.png', '.tif'])
def test_palette_images_are_colours_in_every_format(tmp_path, suffix):
    path = saved(tmp_path / f'x{suffix}', 'palette')
    colours = np.array(Image.open(path).convert('RGB'))
    np.testing.assert_array_equal(read_image(path), colours)
    np.testing.assert_array_equal(read_image(path, bands=[2]), colours[..., [2]])
    assert [code for code, _ in image_info(path).remarks] == ['palette_image']
    assert image_info(path, 'indices').bands == 1


def test_a_transparent_colour_is_missing(tmp_path):
    missing = read_masked(saved(tmp_path / 'x.png', 'transparent colour'))[1]
    assert np.argwhere(missing.all(-1)).tolist() == [[0, 0]]


@pytest.mark.parametrize('mode', ['RGBA', 'LA'])
def test_alpha_is_data_or_a_mask(tmp_path, mode):
    image = Image.fromarray(RGB).convert(mode)
    alpha = np.full((6, 8), 255, np.uint8)
    alpha[2, 3] = 0
    image.putalpha(Image.fromarray(alpha))
    for suffix in ('.png', '.tif'):
        path = str(tmp_path / f'x{suffix}')
        image.save(path)
        bands = len(mode)
        assert image_info(path).bands == bands and read_masked(path)[1] is None
        assert 'read as data' in dict(image_info(path).remarks)['alpha']
        image_, missing = read_masked(path, alpha='mask')
        assert image_.shape[2] == image_info(path, 'mask').bands == bands - 1
        assert np.argwhere(missing.all(-1)).tolist() == [[2, 3]]
    assert read_masked(saved(tmp_path / 'y.png', 'RGB'), alpha='mask')[0].shape[2] == 3


@pytest.mark.parametrize('suffix', ['.png', '.tif'])
@pytest.mark.parametrize('backend_args', [None, {'backend': 'local'}])
def test_masks_beside_the_image_count(tmp_path, suffix, backend_args):
    path = saved(tmp_path / f'x{suffix}', 'RGB')
    valid = np.full((6, 8), 255, np.uint8)
    valid[1, 1] = 0
    with rasterio.open(
        tmp_path / f'x{suffix}.msk', 'w', 'GTiff', 8, 6, 1, dtype='uint8'
    ) as raster:  # fmt: skip
        raster.write(valid, 1)
        raster.update_tags(**{f'INTERNAL_MASK_FLAGS_{band}': '2' for band in (1, 2, 3)})
    image, missing = read_masked(path, backend_args=backend_args)
    np.testing.assert_array_equal(image, RGB)
    assert np.argwhere(missing.all(-1)).tolist() == [[1, 1]] and image_info(path).may_miss


def test_scales_and_offsets_are_mentioned(tmp_path):
    path = write_image(tmp_path / 'x', np.ones((4, 4, 2), np.int16))
    with rasterio.open(path, 'r+') as raster:
        raster.scales, raster.offsets = (0.1, 0.1), (5, 0)
    text = dict(image_info(path).remarks)['scale_offset']
    assert '[0.1, 0.1]' in text and '[5.0, 0.0]' in text and 'as stored' in text


def test_sizes_and_headers_are_remembered_as_long_as_the_file_is_the_same(tmp_path):
    for shape in ((4, 6, 3), (5, 7, 3)):
        path = write_image(tmp_path / 'x', np.zeros(shape, np.uint8))
        assert image_size(path) == shape[:2] and known_info(path).height == shape[0]
    many = write_image(tmp_path / 'y', np.zeros((3, 9, 13), np.float32))  # Pillow cannot open it
    np.save(tmp_path / 'z.npy', np.zeros((2, 8)))
    assert image_size(many) == (3, 9) and image_size(tmp_path / 'z.npy') == (2, 8)


def test_a_world_file_gives_a_place_without_a_crs(tmp_path):
    path = saved(tmp_path / 'x.png', 'RGB')
    assert image_info(path).transform is None
    (tmp_path / 'x.pgw').write_text('2\n0\n0\n-2\n101\n199\n')
    info = image_info(path)
    assert info.transform == (2, 0, 100, 0, -2, 200)
    assert info.crs is None and info.bounds is None  # which nobody can compare
