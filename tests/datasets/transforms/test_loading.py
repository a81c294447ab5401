import cv2
import numpy as np
import pytest
from folder_layout import write_image

from glcnet_plugin.datasets.transforms.loading import LoadRSImage, read_image
from glcnet_plugin.errors import DataError


@pytest.mark.parametrize('suffix', ['.png', '.jpg', '.JPEG'])
def test_colours_come_in_the_order_red_green_blue(tmp_path, suffix):
    image = np.zeros((16, 16, 3), np.uint8)
    image[..., 0] = 200  # red
    path = str(tmp_path / f'x{suffix}')
    cv2.imwrite(path, image[..., ::-1])
    result = LoadRSImage().transform({'img_path': path})
    assert result['img'][8, 8] == pytest.approx([200, 0, 0], abs=3)
    assert result['img_shape'] == result['ori_shape'] == (16, 16)


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize('bands', [1, 2, 4, 13])
def test_tiffs_keep_bands_and_values(tmp_path, bands, dtype):
    image = (np.arange(6 * 5 * bands).reshape(6, 5, bands) % 200).astype(dtype)
    path = write_image(tmp_path / 'x', image)
    result = read_image(str(path))
    assert result.dtype == dtype
    np.testing.assert_array_equal(result, image)


def test_png_with_four_bands_and_with_one(tmp_path):
    four = np.arange(4 * 4 * 4, dtype=np.uint8).reshape(4, 4, 4)
    cv2.imwrite(str(tmp_path / 'four.png'), four[..., [2, 1, 0, 3]])
    np.testing.assert_array_equal(read_image(str(tmp_path / 'four.png')), four)
    cv2.imwrite(str(tmp_path / 'one.png'), four[..., 0].astype(np.uint16) * 300)
    one = read_image(str(tmp_path / 'one.png'))
    assert one.shape == (4, 4, 1) and one.dtype == np.uint16


def test_to_float32_and_expected_bands(tmp_path):
    path = str(write_image(tmp_path / 'x', np.ones((4, 4, 4), np.uint16)))
    assert LoadRSImage(to_float32=True)({'img_path': path})['img'].dtype == np.float32
    with pytest.raises(DataError, match=r'x.tif has 4 bands, expected 3'):
        LoadRSImage(num_bands=3)({'img_path': path})


@pytest.mark.parametrize('name', ['bad.png', 'bad.tif', 'empty.jpg'])
def test_damaged_files_are_named(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b'' if 'empty' in name else b'not an image')
    with pytest.raises(DataError, match=rf'cannot decode image .*{name} \(\d+ bytes\)'):
        LoadRSImage()({'img_path': str(path)})


def test_truncated_tiff_is_named(tmp_path):
    path = write_image(tmp_path / 'x', np.random.randint(0, 255, (64, 64, 5)).astype(np.uint8))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataError, match=r'cannot decode image .*x.tif'):
        read_image(str(path))


def test_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r'cannot open image .*gone.png'):
        read_image(str(tmp_path / 'gone.png'))


def test_backend_args_reach_the_file_backend(tmp_path):
    path = str(write_image(tmp_path / 'x', np.ones((4, 4, 3), np.uint8)))
    assert LoadRSImage(backend_args=dict(backend='local'))({'img_path': path})['img'].max() == 1
