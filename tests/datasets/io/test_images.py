import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import cv2
import numpy as np
import pytest
import rasterio

from glcnet_plugin.datasets.io import headers, images
from glcnet_plugin.datasets.io.images import image_info, read_image, read_masked
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError


@pytest.mark.parametrize('dtype', ['uint8', 'uint16', 'int16', 'float32'])
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


@pytest.mark.parametrize('bits', [1, 2, 4])
def test_grey_pngs_of_few_bits_keep_their_values(tmp_path, monkeypatch, bits):
    """They were stretched to 0..255, unless they were large or partly transparent."""
    image = np.arange(64, dtype=np.uint8).reshape(1, 8, 8) % 2**bits
    shape = dict(height=8, width=8, count=1, dtype='uint8')
    with rasterio.open(tmp_path / 'x.png', 'w', driver='PNG', nbits=bits, **shape) as raster:
        raster.write(image)
    np.testing.assert_array_equal(read_image(tmp_path / 'x.png'), image[0, ..., None])
    monkeypatch.setattr(headers, 'DECODED_WHOLE', 1)
    part = read_image(tmp_path / 'x.png', window=(0, 0, 8, 5))
    np.testing.assert_array_equal(part, image[0, :, :5, None])


@pytest.mark.parametrize('shape', [(7, 9), (7, 9, 5)])
def test_arrays(tmp_path, shape):
    array = np.random.rand(*shape).astype(np.float32)
    np.save(tmp_path / 'x.npy', array)
    image = array.reshape(7, 9, -1)
    np.testing.assert_array_equal(read_image(tmp_path / 'x.npy'), image)
    window = read_image(tmp_path / 'x.npy', bands=[0], window=(2, 3, 4, 5))
    np.testing.assert_array_equal(window, image[2:6, 3:8, :1])
    info = image_info(tmp_path / 'x.npy')
    assert (info.height, info.width, info.bands, info.may_miss) == (7, 9, image.shape[2], True)


def test_arrays_with_code_or_odd_shape_are_refused(tmp_path):
    np.save(tmp_path / 'x.npy', np.array([{'a': 1}], object), allow_pickle=True)
    with pytest.raises(DataError, match=r'cannot decode image .*x.npy'):
        read_image(tmp_path / 'x.npy')
    np.save(tmp_path / 'y.npy', np.zeros(4))
    with pytest.raises(DataError, match=r'shape \(4,\) is no image'):
        read_image(tmp_path / 'y.npy')


@pytest.mark.parametrize('suffix', ['.png', '.jpg', '.tif'])
def test_windows_of_every_format_are_parts_of_the_whole(tmp_path, suffix):
    image = np.random.randint(0, 255, (64, 80, 3)).astype(np.uint8)
    path = str(tmp_path / f'x{suffix}')
    cv2.imwrite(path, image)
    whole = read_image(path)
    part = read_image(path, window=(20, 30, 16, 24))
    np.testing.assert_array_equal(part, whole[20:36, 30:54])


def test_images_too_large_to_decode_are_read_by_lines(tmp_path, monkeypatch):
    image = np.random.randint(0, 255, (64, 80, 3)).astype(np.uint8)
    cv2.imwrite(str(tmp_path / 'x.png'), image)
    assert not images.decoded_by_lines(tmp_path / 'x.png')
    monkeypatch.setattr(headers, 'DECODED_WHOLE', 64 * 80 - 1)
    monkeypatch.delattr(images, '_decode')
    part = read_image(tmp_path / 'x.png', window=(20, 30, 16, 24))
    np.testing.assert_array_equal(part, image[20:36, 30:54, ::-1])


def test_bands_by_name_and_index(tmp_path):
    image = np.random.randint(0, 255, (5, 5, 4)).astype(np.uint8)
    path = write_image(tmp_path / 'x', image, band_names=('R', 'G', 'B', 'NIR'))
    assert image_info(path).band_names == ('R', 'G', 'B', 'NIR')
    np.testing.assert_array_equal(read_image(path, ['NIR', 'R']), image[..., [3, 0]])
    np.testing.assert_array_equal(read_image(path, [2]), image[..., [2]])


def test_files_inside_zips(tmp_path):
    image = np.random.randint(0, 255, (8, 8, 4)).astype(np.uint8)
    path = write_image(tmp_path / 'x', image)
    with zipfile.ZipFile(tmp_path / 'a.zip', 'w') as archive:
        archive.write(path, 'folder/x.tif')
    address = f'/vsizip/{tmp_path}/a.zip/folder/x.tif'
    np.testing.assert_array_equal(read_image(address), image)
    np.testing.assert_array_equal(read_image(address, window=(1, 2, 3, 4)), image[1:4, 2:6])
    assert image_info(address).bands == 4
    with pytest.raises(DataError, match=r'cannot read image /vsizip/.*gone.tif'):
        read_image(f'/vsizip/{tmp_path}/a.zip/gone.tif')


class RangeHandler(BaseHTTPRequestHandler):
    """A file server that answers requests for parts, as object stores do."""

    def do_HEAD(self):
        self.answer(200, b'', len(self.server.content))

    def do_GET(self):
        first, last = self.headers['Range'].removeprefix('bytes=').split('-')
        size = len(self.server.content)
        last = min(int(last or size - 1), size - 1)
        body = self.server.content[int(first) : last + 1]
        self.server.sent += len(body)
        self.answer(206, body, len(body), f'bytes {first}-{last}/{size}')

    def answer(self, status, body, length, part=None):
        self.send_response(status)
        self.send_header('Accept-Ranges', 'bytes')
        self.send_header('Content-Length', str(length))
        if part:
            self.send_header('Content-Range', part)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def test_windows_of_scenes_on_a_web_server(tmp_path, monkeypatch):
    image = np.random.randint(0, 255, (1024, 1024, 4)).astype(np.uint8)
    path = tmp_path / 'x.tif'
    with rasterio.open(path, 'w', 'GTiff', 1024, 1024, 4, dtype='uint8', tiled=True,
                       blockxsize=128, blockysize=128) as raster:  # fmt: skip
        raster.write(image.transpose(2, 0, 1))
    monkeypatch.setenv('no_proxy', '127.0.0.1')
    monkeypatch.setenv('GDAL_DISABLE_READDIR_ON_OPEN', 'EMPTY_DIR')
    with HTTPServer(('127.0.0.1', 0), RangeHandler) as server:
        server.content, server.sent = path.read_bytes(), 0
        Thread(target=server.serve_forever, daemon=True).start()
        address = f'/vsicurl/http://127.0.0.1:{server.server_port}/x.tif'
        part = read_image(address, window=(500, 600, 64, 64))
        np.testing.assert_array_equal(part, image[500:564, 600:664])
        assert server.sent < len(server.content) / 4
        server.shutdown()


def test_headers_say_place_and_nodata(tmp_path):
    transform = (10.0, 0.0, 500000.0, 0.0, -10.0, 4000000.0)
    from rasterio import Affine

    image = np.zeros((20, 30, 2), np.int16)
    path = write_image(
        tmp_path / 'x', image, crs='EPSG:32643', transform=Affine(*transform), nodata=-1
    )
    info = image_info(path)
    assert (info.height, info.width, info.dtype) == (20, 30, 'int16')
    assert info.crs == 'EPSG:32643' and info.nodata == -1 and info.may_miss
    assert info.bounds == (500000.0, 3999800.0, 500300.0, 4000000.0)
    plain = image_info(write_image(tmp_path / 'y', np.zeros((4, 4, 4), np.uint8)))
    assert plain.crs is None and plain.bounds is None and not plain.may_miss


def test_missing_values_of_whole_files_and_arrays(tmp_path):
    image = np.ones((4, 4, 1), np.float32)
    image[0, 0] = np.nan
    np.save(tmp_path / 'x.npy', image)
    path = write_image(tmp_path / 'y', image)
    for source in (tmp_path / 'x.npy', path):
        assert read_masked(source)[1].sum() == 1


@pytest.mark.parametrize('name', ['bad.png', 'bad.tif', 'empty.jpg', 'bad.npy'])
def test_damaged_files_are_named(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b'' if 'empty' in name else b'not an image')
    with pytest.raises(DataError, match=rf'cannot decode image .*{name} \(\d+ bytes\)'):
        read_image(str(path))


@pytest.mark.parametrize('window', [None, (0, 0, 64, 64)])
def test_truncated_tiff_is_named(tmp_path, window):
    path = write_image(tmp_path / 'x', np.random.randint(0, 255, (64, 64, 5)).astype(np.uint8))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataError, match=r'cannot decode image .*x.tif') as caught:
        read_image(str(path), window=window)
    assert 'previous exception' not in str(caught.value)  # what GDAL said itself


@pytest.mark.parametrize('name', ['gone.png', 'gone.tif', 'gone.npy'])
def test_missing_file_is_named(tmp_path, name):
    for read in (read_image, image_info):
        with pytest.raises(DataError, match=rf'cannot open image .*{name}'):
            read(str(tmp_path / name))


def test_file_backends_of_mm(tmp_path):
    image = np.random.randint(0, 255, (8, 8, 4)).astype(np.uint8)
    path = str(write_image(tmp_path / 'x', image))
    backend = dict(backend='local')
    np.testing.assert_array_equal(read_image(path, backend_args=backend), image)
    part = read_image(path, [3], (1, 2, 3, 4), backend)
    np.testing.assert_array_equal(part, image[1:4, 2:6, [3]])
