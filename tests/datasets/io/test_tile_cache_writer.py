import shutil
from collections import namedtuple

import numpy as np
import pytest

from glcnet_plugin.datasets.io import tile_cache_writer
from glcnet_plugin.datasets.io.tile_cache import TileCache
from glcnet_plugin.datasets.io.tile_cache_writer import changed_images, write_cache
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError, StorageError


@pytest.fixture
def images(tmp_path):
    (tmp_path / 'images').mkdir()
    return [
        str(write_image(tmp_path / f'images/x{i}', np.full((8, 8, 4), i, np.uint16)))
        for i in range(4)
    ]


@pytest.mark.slow
def test_any_number_of_processes_writes_the_same_file(images, tmp_path):
    sizes = [write_cache(tmp_path / f'{n}.cache', images, workers=n) for n in (0, 2)]
    contents = [(tmp_path / f'{n}.cache').read_bytes() for n in (0, 2)]
    assert contents[0] == contents[1] and sizes[0] == len(contents[0])


def test_bands_are_chosen_when_it_is_made(images, tmp_path):
    write_cache(tmp_path / 'new/x.cache', images, bands=[2, 0], workers=0)
    cache = TileCache(tmp_path / 'new/x.cache')
    assert cache.get(images[3], bands=[2, 0]).image.shape == (8, 8, 2)
    assert cache.get(images[3]) is None


def test_changed_images_are_named(images, tmp_path):
    write_cache(tmp_path / 'x.cache', images[:3], workers=0)
    cache = TileCache(tmp_path / 'x.cache')
    write_image(tmp_path / 'images/x1', np.ones((9, 9, 4), np.uint16))
    assert changed_images(cache, images) == [images[1], images[3]]
    assert changed_images(cache, images[:1]) == []


def test_a_disk_without_room_is_noticed_before_anything_is_written(images, tmp_path, monkeypatch):
    usage = namedtuple('Usage', 'total used free')
    monkeypatch.setattr(shutil, 'disk_usage', lambda _: usage(9, 0, 2047))
    with pytest.raises(StorageError, match=r'\(2\d+ bytes\), its disk has 0.00 GiB \(2047 bytes'):
        write_cache(tmp_path / 'x.cache', images, workers=0)
    assert [p.name for p in tmp_path.iterdir()] == ['images']


def test_a_disk_that_fills_up_keeps_the_old_cache(images, tmp_path, monkeypatch):
    path = tmp_path / 'x.cache'
    write_cache(path, images, workers=0)
    before = path.read_bytes()

    def fail(_):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(tile_cache_writer.os, 'fsync', fail)
    with pytest.raises(StorageError, match=r'x.cache could not be written: No space left'):
        write_cache(path, images, workers=0)
    assert path.read_bytes() == before and len(list(tmp_path.iterdir())) == 2


def test_a_damaged_image_is_named_and_nothing_is_left(images, tmp_path):
    (tmp_path / 'images/x2.tif').write_bytes(b'II*')
    with pytest.raises(DataError, match=r'x2.tif'):
        write_cache(tmp_path / 'x.cache', images, workers=0)
    assert [p.name for p in tmp_path.iterdir()] == ['images']


def test_addresses_are_refused(images, tmp_path):
    path = f'/vsisubfile/0_999999,{images[0]}'
    with pytest.raises(DataError, match='no file here'):
        write_cache(tmp_path / 'x.cache', [path], workers=0)


def test_an_image_is_not_written_over(images):
    with pytest.raises(DataError, match='is read, and .* would be written over it'):
        write_cache(images[0], images, workers=0)
