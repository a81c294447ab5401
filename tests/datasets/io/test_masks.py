import cv2
import numpy as np
import pytest
import rasterio
from PIL import Image

from glcnet_plugin.datasets.io.masks import (
    OddColours,
    colours_to_ids,
    few_colours,
    palette_ids,
    read_mask,
    require_ids,
)
from glcnet_plugin.datasets.tiling.folder_writer import write_image, write_mask
from glcnet_plugin.errors import DataError

# pairs that a wrong order of R, G, B would exchange
IDS = {(0, 255, 255): 2, (255, 255, 0): 4, (0, 0, 255): 1, (255, 0, 0): 5}


def test_palette_pngs_give_ids_grey_ones_too(tmp_path):
    ids = np.array([[0, 1], [255, 1]], np.uint8)
    write_mask(tmp_path / 'p.png', ids, [(9, 8, 7), (1, 2, 3)])
    Image.fromarray(ids).save(tmp_path / 'g.png')
    for name in ('p.png', 'g.png'):
        np.testing.assert_array_equal(read_mask(tmp_path / name), ids)


@pytest.mark.parametrize('backend_args', [None, dict(backend='local')])
@pytest.mark.parametrize('bits', [1, 2, 4])
def test_grey_pngs_of_few_bits_hold_ids(tmp_path, bits, backend_args):
    """They were stretched to 0..255: 3 of two bits was ignored, of four it was 51."""
    ids = np.arange(64, dtype=np.uint8).reshape(8, 8) % 2**bits
    shape = dict(height=8, width=8, count=1, dtype='uint8')
    with rasterio.open(tmp_path / 'm.png', 'w', driver='PNG', nbits=bits, **shape) as raster:
        raster.write(ids[None])
    found = read_mask(tmp_path / 'm.png', (0, 0, 8, 6), backend_args)
    np.testing.assert_array_equal(found, ids[:, :6])


@pytest.mark.parametrize('suffix', ['.png', '.tif'])
def test_colour_masks_come_as_red_green_blue(tmp_path, suffix):
    mask = np.zeros((2, 2, 3), np.uint8)
    mask[0, 0] = (255, 255, 0)
    path = tmp_path / f'c{suffix}'
    cv2.imwrite(str(path), mask[..., ::-1])
    np.testing.assert_array_equal(read_mask(path), mask)
    np.testing.assert_array_equal(read_mask(path, (0, 0, 1, 2)), mask[:1])


def test_tiff_masks_give_ids(tmp_path):
    ids = np.random.randint(0, 19, (6, 7)).astype(np.uint8)
    path = write_image(tmp_path / 'm', ids[:, :, None])
    np.testing.assert_array_equal(read_mask(path), ids)
    np.testing.assert_array_equal(read_mask(path, (1, 2, 3, 4)), ids[1:4, 2:6])


def test_file_backends_of_mm(tmp_path):
    ids = np.array([[0, 3]], np.uint8)
    write_mask(tmp_path / 'p.png', ids, [(9, 8, 7)])
    mask = read_mask(tmp_path / 'p.png', backend_args=dict(backend='local'))
    np.testing.assert_array_equal(mask, ids)


def test_colours_become_ids_and_unknown_ones_are_counted():
    mask = np.array([[[0, 255, 255], [255, 255, 0]], [[1, 2, 3], [0, 0, 255]]], np.uint8)
    ids, odd = colours_to_ids(mask, IDS)
    assert ids.tolist() == [[2, 4], [255, 1]] and odd == OddColours({'#010203': 1})


def test_near_colours_are_taken_for_pure_ones_only_on_request():
    mask = np.array([[[252, 255, 0], [9, 222, 221], [255, 0, 255]]], np.uint8)
    ids, odd = colours_to_ids(mask, IDS)
    assert (ids == 255).all() and len(odd.unknown) == 3
    ids, odd = colours_to_ids(mask, IDS, snap=True)
    assert ids.tolist() == [[4, 2, 255]]
    assert odd.snapped == {'#FCFF00 taken for #FFFF00': 1, '#09DEDD taken for #00FFFF': 1}
    assert odd.unknown == {'#FF00FF': 1}


def test_the_most_frequent_colours_are_named():
    pixels = {f'#00000{i}': i for i in range(1, 8)}
    assert few_colours(pixels, 2) == '#000007 (7 px), #000006 (6 px) and 5 more'


def test_palette_ids():
    assert palette_ids([[1, 2, 3], [4, 5, 6]]) == {(1, 2, 3): 0, (4, 5, 6): 1}


def test_ids_are_required():
    with pytest.raises(DataError, match=r'f.png is a colour mask \(2, 2, 3\)'):
        require_ids(np.zeros((2, 2, 3), np.uint8), 'f.png')
    with pytest.raises(DataError, match='f.tif holds fractions'):
        require_ids(np.array([[0.5]]), 'f.tif')
    whole = require_ids(np.array([[1.0, np.nan]]), 'f.tif')
    assert whole.tolist() == [[1, 255]] and whole.dtype == np.int64
    assert require_ids(np.array([[True, False]]), 'f').tolist() == [[1, 0]]


def test_damaged_mask_is_named(tmp_path):
    (tmp_path / 'm.png').write_bytes(b'no mask')
    with pytest.raises(DataError, match=r'cannot decode image .*m.png'):
        read_mask(tmp_path / 'm.png')


@pytest.mark.parametrize(
    ('mode', 'shape'), [('LA', (3, 2)), ('RGBA', (3, 2, 3)), ('CMYK', (3, 2, 3))]
)
def test_alpha_and_other_colours_are_put_aside(tmp_path, mode, shape):
    path = tmp_path / ('m.jpg' if mode == 'CMYK' else 'm.png')
    Image.new(mode, (2, 3)).save(path)
    assert read_mask(path).shape == shape


def test_two_bands_are_no_mask(tmp_path):
    path = write_image(tmp_path / 'm', np.zeros((3, 2, 2), np.uint8))
    with pytest.raises(DataError, match=r'm.tif has 2 bands'):
        read_mask(path)


def test_masks_of_large_scenes(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 10)
    write_mask(tmp_path / 'm.png', np.zeros((9, 9), np.uint8), [(0, 0, 0)])
    assert read_mask(tmp_path / 'm.png').shape == (9, 9) and Image.MAX_IMAGE_PIXELS == 10
