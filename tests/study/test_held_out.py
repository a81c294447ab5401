import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import from_origin

from glcnet_plugin.errors import DataError
from glcnet_plugin.study.digests import Digests
from glcnet_plugin.study.held_out import require_unseen


def picture(seed, size=8):
    return np.random.default_rng(seed).integers(0, 255, (size, size, 3), np.uint8)


def raster(path, seed, left, size=8):
    """An image whose left edge is at some metres, of pixels of 1 m."""
    profile = dict(driver='GTiff', height=size, width=size, count=3, dtype='uint8',
                   crs='EPSG:32633', transform=from_origin(left, 100, 1, 1))  # fmt: skip
    with rasterio.open(path, 'w', **profile) as file:
        file.write(picture(seed, size).transpose(2, 0, 1))


@pytest.fixture
def root(tmp_path):
    """Two held-out tiles, cut from the scene `town`."""
    (tmp_path / 'root/images').mkdir(parents=True)
    for seed, name in enumerate(('town_0_0', 'town_0_8')):
        Image.fromarray(picture(seed)).save(tmp_path / f'root/images/{name}.png')
    return tmp_path / 'root'


@pytest.fixture
def other(tmp_path):
    """A folder to pretrain on with an image of another place."""
    (tmp_path / 'other/sub').mkdir(parents=True)
    Image.fromarray(picture(9)).save(tmp_path / 'other/forest.png')
    return tmp_path / 'other'


@pytest.fixture
def compare(root, other):
    def compare(**columns):
        rows = [
            {'name': f'town_0_{x}', 'source': 'town', 'y': '0', 'x': str(x), **columns}
            for x in (0, 8)
        ]
        return require_unseen(str(root), rows, str(other), Digests())

    return compare


def test_what_was_compared_is_told(compare):
    text = compare()
    assert 'None of the 1 images' in text and 'the 2 held-out tiles' in text
    assert 'for 0 held-out tiles and 0 images' in text and 'not recognised' in text


@pytest.mark.parametrize('place', ['town_0_0.png', 'sub/town_0_0.png'])
def test_a_held_out_tile(compare, root, other, place):
    Image.open(root / 'images/town_0_0.png').save(other / place)
    with pytest.raises(DataError, match=r"holds 1 of the held-out tiles, such as \['town_0_0'\]"):
        compare()


@pytest.mark.parametrize('place', ['sub/new_name.png', 'new_name.npy', 'new.tif'])
def test_a_renamed_copy(compare, root, other, place):
    image = Image.open(root / 'images/town_0_8.png')
    if place.endswith('npy'):
        np.save(other / place, np.asarray(image))
    else:
        image.save(other / place)
    with pytest.raises(DataError, match=r"1 of the held-out tiles, such as \['town_0_8'\]"):
        compare()


def test_a_linked_folder(compare, root, other):
    (other / 'linked').symlink_to(root / 'images')
    with pytest.raises(DataError, match='holds 2 of the held-out tiles'):
        compare()


@pytest.mark.parametrize('source', ['town', 'town.tif', 'area/town.tif'])
def test_a_whole_scene(compare, other, source):
    Image.fromarray(picture(5, 40)).save(other / 'sub/town.png')
    with pytest.raises(DataError, match='holds 1 images of their scenes, such as .*sub/town.png'):
        compare(source=source)


def test_other_tiles_of_the_scene(compare, other):
    Image.fromarray(picture(5)).save(other / 'town_0_16.png')  # the neighbour
    compare()
    Image.fromarray(picture(6)).save(other / 'town_4_12.png')
    with pytest.raises(DataError, match='holds 1 images of their scenes, such as .*town_4_12.png'):
        compare()


def test_the_name_of_a_tile_for_another_image(compare, other):
    Image.fromarray(picture(5)).save(other / 'sub/town_0_0.png')
    assert '1 in subfolders have such a name, but other pixels' in compare(source='')


def test_overlapping_extents(compare, root, other):
    for x in (0, 8):
        (root / f'images/town_0_{x}.png').unlink()
        raster(root / f'images/town_0_{x}.tif', x, x)
    raster(other / 'sub/beside.tif', 20, 16)
    assert 'for 2 held-out tiles and 1 images' in compare()
    (other / 'forest.png').unlink()
    assert compare().endswith('No extents overlap.')
    raster(other / 'sub/over.tif', 20, 4)
    with pytest.raises(DataError, match=r'1 images that overlap them, such as .*sub/over.tif'):
        compare()


def test_extents_in_the_manifest(compare, other):
    place = {'crs': 'EPSG:32633', 'left': '0', 'bottom': '92', 'right': '8', 'top': '100'}
    raster(other / 'over.tif', 20, 4)
    with pytest.raises(DataError, match='1 images that overlap them'):
        compare(**place)
