from pathlib import Path

import numpy as np
import pytest
import rasterio

from glcnet_plugin.datasets.io.lists import (
    existing_file,
    images_below,
    list_images,
    locate_list,
    read_list,
    require_once,
    require_own_names,
)
from glcnet_plugin.datasets.io.products import PRODUCT
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError


def test_line_ends_blanks_and_byte_order_marks(tmp_path):
    path = tmp_path / 'l.txt'
    path.write_bytes('\ufeffa b.tif\r\n\r\n  /abs/c.tif \rd\n\n'.encode())
    assert read_list(path) == ['a b.tif', '/abs/c.tif', 'd']


def test_problems(tmp_path):
    path = tmp_path / 'l.txt'
    with pytest.raises(DataError, match=r'cannot read the image list .*l.txt'):
        read_list(path)
    path.write_text('\n \n')
    with pytest.raises(DataError, match=r'l.txt is empty'):
        read_list(path)
    path.write_text('a\nb\na\n')
    with pytest.raises(DataError, match=r"l.txt names \['a'\] more than once"):
        read_list(path)
    path.write_bytes(b'\xff\xfe\x00')
    with pytest.raises(DataError, match=r'cannot read the image list .*l.txt: it is not UTF-8 t'):
        read_list(path)


def test_lists_are_found_as_given_in_the_folder_or_beside_it(tmp_path, monkeypatch):
    folder = tmp_path / 'data/images'
    folder.mkdir(parents=True)
    places = [tmp_path / 'l.txt', folder / 'l.txt', tmp_path / 'data/l.txt']
    monkeypatch.chdir(tmp_path)
    for path in places:
        path.touch()
    assert locate_list('l.txt', folder) == Path('l.txt')
    places[0].unlink()
    assert locate_list('l.txt', folder) == places[1]
    places[1].unlink()
    assert locate_list('l.txt', folder) == places[2]
    places[2].unlink()
    with pytest.raises(DataError, match=r'there is no list l.txt, .*images/l.txt, .*data/l.txt'):
        locate_list('l.txt', folder)


def test_names_must_occur_once():
    require_once('ab', 'l.txt')
    with pytest.raises(DataError, match=r"l.txt names \['a'\] more than once"):
        require_once('aba', 'l.txt')


def test_files_need_names_of_their_own():
    files = [('b', Path('b.tif')), ('a', Path('a.png'))]
    assert list(require_own_names(files)) == ['a', 'b']
    with pytest.raises(DataError, match=r'a.png and a.tif have one name: remove one'):
        require_own_names([*files, ('a', Path('a.tif'))])


def test_the_first_suffix_that_exists(tmp_path):
    assert existing_file(tmp_path / 'x.y', ('.png', '.tif')) is None
    (tmp_path / 'x.y.TIF').touch()
    assert existing_file(tmp_path / 'x.y', ('.png', '.tif')) == tmp_path / 'x.y.TIF'
    (tmp_path / 'x.y.png').touch()
    assert existing_file(tmp_path / 'x.y', ('.png', '.tif')) == tmp_path / 'x.y.png'


def test_linked_folders_are_read_once(tmp_path):
    for name in ('a/x.png', 'elsewhere/y.TIF', 'elsewhere/deep/z.jpg'):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    data = tmp_path / 'data'
    data.mkdir()
    (data / 'linked').symlink_to(tmp_path / 'elsewhere')
    (data / 'again').symlink_to(tmp_path / 'elsewhere')
    (tmp_path / 'elsewhere/loop').symlink_to(data)
    names = [path.relative_to(data).as_posix() for path in images_below(data)]
    assert names == ['again/deep/z.jpg', 'again/y.TIF']
    (data / 'real').mkdir()
    (data / 'real/w.png').touch()
    (data / 'a_link').symlink_to(data / 'real')  # the folder itself goes first
    assert data / 'real/w.png' in images_below(data)


def test_a_missing_list_names_those_that_exist(tmp_path):
    (tmp_path / 'splits').mkdir()
    (tmp_path / 'splits/train_16_seed0.txt').write_text('a')
    for read in (read_list, lambda path: locate_list(path, tmp_path)):
        with pytest.raises(DataError, match=r'lists there: .*train_16_seed0.txt; choose one'):
            read(tmp_path / 'splits/train_1pct_seed0.txt')


def test_suffixes_in_any_case(tmp_path):
    (tmp_path / 'a.Tif').touch()
    assert existing_file(tmp_path / 'a', ['.png', '.tif']) == tmp_path / 'a.Tif'


def test_own_maps_are_left_out(tmp_path, monkeypatch):
    """A second run mapped the maps of the first, and a pretraining took them for scenes."""
    said = []
    monkeypatch.setattr('glcnet_plugin.datasets.io.lists.print_log',
                        lambda text, **_: said.append(text))  # fmt: skip
    (tmp_path / 'maps').mkdir()
    scene = write_image(tmp_path / 'a', np.ones((8, 8, 4), np.uint8))
    assert list_images(tmp_path) == [str(scene)] and not said
    product = write_image(tmp_path / 'maps/a_map', np.ones((8, 8, 4), np.uint8))
    with rasterio.open(product, 'r+') as raster:
        raster.update_tags(**{PRODUCT: 'class'})
    assert list_images(tmp_path) == [str(scene)]
    assert len(said) == 1 and 'left out, such as' in said[0] and 'a_map.tif' in said[0]
    with pytest.raises(DataError, match='no image below'):
        list_images(tmp_path / 'maps')
