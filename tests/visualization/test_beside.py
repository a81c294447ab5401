import numpy as np
import pytest
import rasterio

from glcnet_plugin.visualization.beside import draw_beside


def write(path, values, colours=None):
    with rasterio.open(
        path, 'w', driver='GTiff', height=values.shape[1], width=values.shape[2],
        count=len(values), dtype='uint8', nodata=255,
    ) as raster:  # fmt: skip
        raster.write(values)
        if colours:
            raster.write_colormap(1, colours)
    return path


def test_classes_heat_and_colours_are_drawn_beside_the_scene(tmp_path):
    rng = np.random.default_rng(0)
    scene = write(tmp_path / 'scene.tif', rng.integers(0, 255, (3, 20, 30), np.uint8))
    ids = np.array([[0, 1], [1, 255]], np.uint8)[None].repeat(10, 1).repeat(15, 2)
    colours = {0: (10, 20, 30, 255), 1: (200, 0, 0, 255), 255: (0, 0, 0, 0)}
    maps = {
        'classes': write(tmp_path / 'classes.tif', ids, colours),
        'heat': write(tmp_path / 'heat.tif', np.where(ids == 1, 100, ids).astype(np.uint8)),
        'colours': scene,
    }
    figure = draw_beside(scene, maps)
    shown = [axis for axis in figure.axes if axis.images]
    assert [axis.get_title() for axis in shown] == ['scene', 'classes', 'heat', 'colours']
    classes, heat = (shown[i].images[0].get_array() for i in (1, 2))
    assert classes[0, 0].tolist() == [10, 20, 30] and classes[0, 20].tolist() == [200, 0, 0]
    assert classes[19, 29].tolist() == [255] * 3 == heat[19, 29].tolist()  # nodata
    assert heat[0, 0].sum() < 20 < heat[0, 20].sum()  # dark to bright


def test_large_scenes_are_drawn_smaller(tmp_path):
    scene = write(tmp_path / 'scene.tif', np.full((1, 1000, 1600), 90, np.uint8))
    assert draw_beside(scene, {'x': scene}).axes[0].images[0].get_array().shape[:2] == (480, 768)


def test_nodata_does_not_darken_the_scene(tmp_path):
    values = np.random.default_rng(0).integers(900, 1100, (1, 20, 30)).astype(np.int16)
    values[:, :5] = -32768
    with rasterio.open(
        tmp_path / 'scene.tif', 'w', driver='GTiff', height=20, width=30, count=1, dtype='int16',
        nodata=-32768,
    ) as raster:  # fmt: skip
        raster.write(values)
    scene = tmp_path / 'scene.tif'
    ids = write(tmp_path / 'x.tif', np.zeros((1, 20, 30), np.uint8))
    drawn = draw_beside(scene, {'x': ids}).axes[0].images[0].get_array()
    assert drawn[5:].std() > 50 and drawn[5:].mean() == pytest.approx(128, abs=20)
