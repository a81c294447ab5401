import os

import numpy as np
import pytest
from PIL import Image

from glcnet_plugin.study import digests as module
from glcnet_plugin.study.digests import Digests, value_digest


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'data/sub').mkdir(parents=True)
    for name, value in (('a', 1), ('sub/b', 2)):
        image = np.full((4, 4, 3), value, np.uint8)
        image[0] = 9
        Image.fromarray(image).save(tmp_path / f'data/{name}.bmp')  # uncompressed: equal sizes
        Image.fromarray(image).save(tmp_path / f'data/{name}.png')
    return tmp_path / 'data'


def test_other_pixels_in_a_file_of_the_same_size(folder):
    """Uncompressed tiles have one size whatever they show."""
    before = Digests().of_folder(str(folder))
    assert Digests().of_folder(str(folder)) == before
    size = (folder / 'a.bmp').stat().st_size
    (folder / 'a.bmp').write_bytes((folder / 'sub/b.bmp').read_bytes())
    assert (folder / 'a.bmp').stat().st_size == size
    assert Digests().of_folder(str(folder)) != before


def test_names_count(folder):
    before = Digests().of_folder(str(folder))
    (folder / 'a.bmp').rename(folder / 'c.bmp')
    assert Digests().of_folder(str(folder)) != before


def test_files_are_read_once_as_long_as_they_stay(folder, tmp_path, monkeypatch):
    cache = tmp_path / 'study/digests.json'
    before = Digests(cache).of_folder(str(folder))
    with monkeypatch.context() as patch:
        patch.setattr(module, 'file_digest', None)  # reads nothing
        assert Digests(cache).of_folder(str(folder)) == before
    (folder / 'a.bmp').write_bytes((folder / 'sub/b.bmp').read_bytes())
    assert Digests(cache).of_folder(str(folder)) != before


def test_a_replaced_file_with_the_old_time(folder, tmp_path):
    cache, path = tmp_path / 'digests.json', folder / 'a.bmp'
    before, status = Digests(cache).of_folder(str(folder)), path.stat()
    path.write_bytes((folder / 'sub/b.bmp').read_bytes())
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert Digests(cache).of_folder(str(folder)) != before


def test_pixels_do_not_depend_on_the_format(folder):
    digests = Digests()
    np.save(folder / 'a.npy', np.asarray(Image.open(folder / 'a.png')))
    assert digests.of_pixels(folder / 'a.png') == digests.of_pixels(folder / 'a.npy')
    assert digests.of_pixels(folder / 'a.png') != digests.of_pixels(folder / 'sub/b.png')


def test_images_without_a_digest_of_pixels(folder):
    Image.new('RGB', (4, 4)).save(folder / 'empty.png')
    (folder / 'broken.png').touch()
    digests = Digests()
    assert [digests.of_pixels(folder / f'{n}.png') for n in ('empty', 'broken')] == [None, None]


def test_values():
    assert value_digest({'a': 1, 'b': 2}) == value_digest({'b': 2, 'a': 1}) != value_digest([1, 2])
