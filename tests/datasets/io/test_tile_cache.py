import os
import pickle
from pathlib import Path

import cv2
import numpy as np
import pytest

from glcnet_plugin.datasets.io.tile_cache import TileCache, decode, image_key, image_state
from glcnet_plugin.datasets.io.tile_cache_writer import write_cache
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError


def same(one, other):
    """Whether two decoded images are equal."""
    masks = [one.missing, other.missing]
    assert one.image.dtype == other.image.dtype and one.colours == other.colours
    np.testing.assert_array_equal(one.image, other.image)
    assert (masks[0] is None) == (masks[1] is None)
    return masks[0] is None or np.array_equal(*masks)


@pytest.fixture
def images(tmp_path):
    """Images of several formats, types and sizes, with and without nodata and colours."""
    rng = np.random.default_rng(0)
    for index, (dtype, bands) in enumerate((('uint8', 3), ('uint16', 4), ('float32', 5))):
        values = rng.integers(1, 200, (11 + index, 13, bands)).astype(dtype)
        values[3, 4] = 0
        write_image(tmp_path / f'x{index}', values, nodata=0 if dtype != 'uint8' else None)
    cv2.imwrite(str(tmp_path / 'grey.png'), rng.integers(0, 255, (8, 9)).astype(np.uint8))
    floats = rng.random((6, 7, 2)).astype(np.float32)
    floats[2, 3, 1] = np.nan
    np.save(tmp_path / 'array.npy', floats)
    return sorted(str(p) for p in tmp_path.iterdir() if p.suffix in ('.png', '.tif', '.npy'))


@pytest.fixture
def cache(images, tmp_path):
    write_cache(tmp_path / 'tiles.cache', images, workers=0)
    return TileCache(tmp_path / 'tiles.cache')


def test_images_masks_and_colours_are_those_of_the_files(cache, images):
    assert len(images) == 5
    missing = 0
    for path in images:
        window = (1, 2, 4, 5)
        assert same(cache.get(path), decode(path))
        assert same(cache.get(path, window=window), decode(path, window=window))
        missing += cache.get(path).missing is not None
    assert missing == 3


def test_masks_of_all_windows(cache, images):
    """A window in which nothing is missing has no mask, as when it is read from the file."""
    path = next(path for path in images if path.endswith('x1.tif'))
    height, width, _ = cache.get(path).image.shape
    masks = 0
    for y in range(height - 2):
        for x in range(width - 2):
            window = (y, x, 3, 3)
            assert same(cache.get(path, window=window), decode(path, window=window))
            masks += cache.get(path, window=window).missing is not None
    assert 0 < masks < (height - 2) * (width - 2)


def test_what_it_gives_is_a_copy(cache, images):
    first = cache.get(images[0])
    first.image[:] = 0
    assert type(first.image) is np.ndarray and (cache.get(images[0]).image != 0).any()


def test_names_of_the_config_name_the_colours(cache, images):
    path = next(path for path in images if path.endswith('x1.tif'))
    names = ['NIR', 'R', 'G', 'B']
    assert cache.get(path).colours is None
    assert cache.get(path, band_names=names).colours == [1, 2, 3]
    assert decode(path, band_names=names).colours == [1, 2, 3]


def test_another_process_opens_the_file_again(cache, images):
    content = pickle.dumps(cache)
    assert len(content) < 500  # not the images
    assert same(pickle.loads(content).get(images[1]), decode(images[1]))


def test_changed_and_unknown_images_and_other_choices_are_not_there(cache, images, tmp_path):
    changed, touched, gone, *_ = images
    os.utime(touched, ns=(0, 1))
    np.save(changed, np.zeros((3, 3, 1), np.float32))
    Path(gone).unlink()
    for path in (changed, touched, gone, str(tmp_path / 'other.png'), '/vsimem/x.tif'):
        assert cache.get(path) is None and not cache.holds(path)
    last = images[-1]
    assert cache.holds(last) and cache.holds(os.path.relpath(last))
    assert not cache.holds(last, bands=[0]) and not cache.holds(last, alpha='mask')
    assert image_state(gone) is None


def test_a_folder_is_the_same_through_a_link(cache, images, tmp_path, monkeypatch):
    (tmp_path / 'link').symlink_to(tmp_path)
    name = Path(images[-1]).name
    for start in (tmp_path, tmp_path.parent):
        monkeypatch.chdir(start)
        assert cache.holds(tmp_path / 'link' / name) and cache.holds(os.path.relpath(images[-1]))
    assert not cache.holds(name)


def test_a_mask_beside_an_image_counts_with_it(cache, images):
    path = images[-1]
    Path(f'{path}.msk').write_bytes(b'mask')
    assert not cache.holds(path)
    Path(f'{path}.msk').unlink()
    assert cache.holds(path)


def test_keys_tell_paths_bands_and_alpha_apart():
    keys = {
        int(image_key(path, bands, alpha))
        for path in ('a', 'b')
        for bands in (None, [0], [0, 1], ['R'])
        for alpha in ('data', 'mask')
    }
    assert len(keys) == 16
    assert image_key('a', (0, 1), 'data') == image_key('a', [0, 1], 'data')


def test_a_window_outside_is_refused(cache, images):
    with pytest.raises(DataError, match='it has no window'):
        cache.get(images[0], window=(0, 0, 99, 2))


@pytest.mark.parametrize('content', [None, b'', b'short', b'x' * 500])
def test_what_is_no_cache(tmp_path, content):
    path = tmp_path / 'tiles.cache'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r'tiles.cache .*with tools/dataset_tools/cache_tiles.py'):
        TileCache(path)
