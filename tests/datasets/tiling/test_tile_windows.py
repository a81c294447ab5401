import numpy as np
import pytest
from rasterio.transform import from_origin

from glcnet_plugin.datasets.io.masks import read_stored_mask
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.datasets.tiling.recipe import Scene
from glcnet_plugin.datasets.tiling.tile_windows import on_one_grid, tile_windows
from glcnet_plugin.errors import DataError


def scene(folder, shift=0, size=(20, 16)):
    image = np.ones((20, 16, 3), np.uint8)
    place = dict(crs='EPSG:32643', transform=from_origin(0, 0, 1, 1), nodata=0)
    mask = dict(place, transform=from_origin(shift, 0, 1, 1))
    paths = (
        write_image(folder / 'i', image, **place),
        write_image(folder / 'm', np.ones((*size, 1), np.uint8), **mask),
    )
    return Scene('s', 'g', *map(str, paths))


def test_windows_are_named_by_their_place(tmp_path):
    windows = tile_windows(scene(tmp_path), 16)
    assert windows == {'s_00000_00000': (0, 0, 16, 16), 's_00004_00000': (4, 0, 16, 16)}
    assert tile_windows(scene(tmp_path), 0) == {'s': (0, 0, 20, 16)}


def test_masks_that_do_not_lie_on_the_image(tmp_path):
    with pytest.raises(DataError, match='m.tif does not lie on .*i.tif: it lies up to 10 px'):
        tile_windows(scene(tmp_path, shift=10), 16)
    with pytest.raises(DataError, match='must show the same pixels'):
        tile_windows(scene(tmp_path, size=(16, 16)), 16)
    with pytest.raises(DataError, match='smaller than a tile of 32'):
        tile_windows(scene(tmp_path), 32)


def test_a_mask_of_another_grid_is_brought_to_that_of_the_image(tmp_path, capfd):
    given = scene(tmp_path, size=(10, 16))
    joined = on_one_grid(given)
    assert tile_windows(joined, 16).keys() == {'s_00000_00000', 's_00004_00000'}
    stored = read_stored_mask(joined.mask)
    assert (stored.values[:10] == 1).all() and not stored.missing[:10].any()
    assert stored.missing[10:].all()
    text = capfd.readouterr()
    assert 'm.tif (EPSG:32643, 10x16 px) is brought to the grid of' in text.out + text.err
    plain = scene(tmp_path)
    assert on_one_grid(plain) is plain
    far = scene(tmp_path, shift=100, size=(10, 16))
    with pytest.raises(DataError, match='no ground in common'):
        on_one_grid(far)
