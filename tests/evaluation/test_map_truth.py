import json

import numpy as np
import pytest
import rasterio
from drawn import NORTH_UP, rectangle, write_drawn, write_raster
from PIL import Image
from rasterio import Affine

from glcnet_plugin.datasets.tiling.folder_writer import write_image, write_mask
from glcnet_plugin.errors import DataError
from glcnet_plugin.evaluation.map_truth import Labels, truth_of

WHOLE = (0, 0, 16, 16)
IDS = np.random.default_rng(0).integers(0, 2, (16, 16)).astype(np.uint8)
IDS[:3] = 255


@pytest.fixture
def scene_map(tmp_path):
    return str(write_raster(tmp_path / 'map.tif', np.zeros((16, 16), np.uint8)))


def truth(path, scene_map, window=WHOLE, **settings):
    with truth_of(Labels(str(path), ['a', 'b'], **settings), scene_map) as read:
        return read(window)


def test_a_raster_of_the_same_grid(scene_map, tmp_path):
    path = write_raster(tmp_path / 'labels.tif', IDS)
    np.testing.assert_array_equal(truth(path, scene_map), IDS)
    np.testing.assert_array_equal(truth(path, scene_map, (2, 3, 4, 5)), IDS[2:6, 3:8])


def test_a_picture_of_the_same_size(scene_map, tmp_path):
    write_mask(tmp_path / 'labels.png', IDS, [(255, 0, 0), (0, 255, 0)])
    np.testing.assert_array_equal(truth(tmp_path / 'labels.png', scene_map), IDS)


def test_rasters_of_other_grids(scene_map, tmp_path):
    coarse = np.arange(64).reshape(8, 8).astype(np.uint8) % 2
    path = write_raster(tmp_path / 'coarse.tif', coarse, NORTH_UP @ Affine.scale(2))
    np.testing.assert_array_equal(truth(path, scene_map), np.kron(coarse, np.ones((2, 2))))

    south_up = NORTH_UP @ Affine(1, 0, 0, 0, -1, 16)
    path = write_raster(tmp_path / 'south_up.tif', IDS[::-1].copy(), south_up)
    np.testing.assert_array_equal(truth(path, scene_map), IDS)

    moved = NORTH_UP @ Affine.translation(4, -2)  # covers columns from 4 on, rows up to 13
    path = write_raster(tmp_path / 'moved.tif', IDS, moved)
    expected = np.full((16, 16), 255)
    expected[:14, 4:] = IDS[2:, :12]
    np.testing.assert_array_equal(truth(path, scene_map), expected)


def test_a_raster_with_another_value_for_nodata(scene_map, tmp_path):
    ids = np.where(IDS == 255, -1, IDS.astype(np.int16)).astype(np.int16)
    for name, place in (('a', NORTH_UP), ('b', NORTH_UP @ Affine.translation(0.25, 0))):
        path = write_raster(tmp_path / f'{name}.tif', ids, place, nodata=-1)
        np.testing.assert_array_equal(truth(path, scene_map)[:, 1:], IDS[:, 1:])


def test_a_raster_of_another_crs(scene_map, tmp_path):
    # the map begins at 75 degrees east, 18.09 north; a degree to the east is 105.8 km there
    step, border = 1e-4, 75 + 16 / 105_800  # at column 8
    ids = np.zeros((400, 40), np.uint8)
    ids[:, 20:] = 1
    place = Affine(step, 0, border - 20 * step, 0, -step, 18.1)
    path = write_raster(tmp_path / 'degrees.tif', ids, place, 'EPSG:4326')
    result = truth(path, scene_map)
    assert (result[:, :7] == 0).all() and (result[:, 9:] == 1).all()


def test_polygons_and_points(scene_map, tmp_path):
    path = write_drawn(tmp_path / 'drawn.gpkg', [('b', rectangle(2, 3, 4, 5))])
    expected = np.full((16, 16), 255)
    expected[2:6, 3:8] = 1
    np.testing.assert_array_equal(truth(path, scene_map, vector={'column': 'class'}), expected)
    np.testing.assert_array_equal(
        truth(path, scene_map, (4, 4, 4, 4), vector={'column': 'class'}), expected[4:8, 4:8]
    )


def test_rasters_that_cannot_be_compared(scene_map, tmp_path):
    path = write_raster(tmp_path / 'plain.tif', IDS[:8], crs=None)
    with pytest.raises(DataError, match='plain.tif has no CRS, and .*map.tif is 16x16 px'):
        truth(path, scene_map)
    wrong = np.full((16, 16), 2, np.uint8)
    for name, place in (('same', NORTH_UP), ('other', NORTH_UP @ Affine.scale(2))):
        path = write_raster(tmp_path / f'{name}.tif', wrong, place)
        with pytest.raises(DataError, match=f'{name}.tif has the labels .2.: classes are 0..1'):
            truth(path, scene_map)
    colours = np.zeros((8, 8, 3), np.uint8)
    path = write_raster(tmp_path / 'colours.tif', colours)
    with pytest.raises(DataError, match='colours.tif has 3 bands'):
        truth(path, scene_map)
    Image.fromarray(np.zeros((16, 16, 3), np.uint8)).save(tmp_path / 'colours.png')
    with pytest.raises(DataError, match='colour mask'):
        truth(tmp_path / 'colours.png', scene_map)


def test_classes_of_a_raster_are_matched_by_name(scene_map, tmp_path):
    swapped = np.where(IDS == 255, 255, 1 - IDS).astype(np.uint8)
    path = write_raster(tmp_path / 'tagged.tif', swapped)
    with rasterio.open(path, 'r+') as raster:
        raster.update_tags(CLASS_0='b', CLASS_1='a')
    np.testing.assert_array_equal(truth(path, scene_map), IDS)
    with rasterio.open(path, 'r+') as raster:
        raster.update_tags(CLASS_2='c')
    with pytest.raises(DataError, match=r"tagged.tif has the classes \['c'\], the map has"):
        truth(path, scene_map)


def test_classes_of_a_labelled_folder(scene_map, tmp_path):
    path = write_raster(
        tmp_path / 'masks/x.tif', np.where(IDS == 255, 0, 20 - IDS).astype(np.uint8)
    )
    classes = [{'id': i, 'name': name, 'color': f'#00000{i}'} for i, name in enumerate('ba')]
    content = {'classes': classes, 'mapping': {'19': 0, '20': 1}, 'ignore_index': 0}
    (tmp_path / 'classes.json').write_text(json.dumps(content))
    np.testing.assert_array_equal(truth(path, scene_map), IDS)


def test_classes_of_a_labelled_folder_on_another_grid(scene_map, tmp_path):
    """Ground beside the labels was truth of the class of 255, one at nodata was lost."""
    ids = np.where(IDS == 1, 255, 0).astype(np.uint8)
    moved = NORTH_UP @ Affine.translation(4, 0)
    path = write_raster(tmp_path / 'masks/x.tif', ids, moved, nodata=0)
    classes = [{'id': i, 'name': name, 'color': f'#00000{i}'} for i, name in enumerate('ab')]
    content = {'classes': classes, 'mapping': {'0': 0, '255': 1}}
    (tmp_path / 'classes.json').write_text(json.dumps(content))
    found = truth(path, scene_map)
    np.testing.assert_array_equal(found[:, 4:], IDS[:, :12] == 1)
    assert (found[:, :4] == 255).all()


def test_without_a_crs_rasters_of_one_size_are_on_one_grid(tmp_path):
    paths = [
        str(write_image(tmp_path / name, IDS[..., None], transform=Affine(1, 0, x, 0, -1, 0)))
        for name, x in (('map', 0.5), ('labels', 5))
    ]
    np.testing.assert_array_equal(truth(paths[1], paths[0]), IDS)
