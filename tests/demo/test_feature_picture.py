import feature_picture
import map_picture
import numpy as np
import rasterio


def test_the_place_is_the_one_of_the_class_nearest_to_the_middle():
    classes = np.zeros((9, 9), int)
    classes[0, 0] = classes[5, 3] = classes[8, 8] = 2
    assert feature_picture.middle(classes, 2) == (5, 3)


def test_the_scene_is_georeferenced(tmp_path):
    image = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    with rasterio.open(map_picture.write_scene(tmp_path / 'x.tif', image)) as raster:
        np.testing.assert_array_equal(raster.read(), image.transpose(2, 0, 1))
        assert raster.crs == 'EPSG:32643'
