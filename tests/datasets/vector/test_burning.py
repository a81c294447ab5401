import geopandas
import numpy as np
import pytest
from drawn import CRS, LEFT, NORTH_UP, PIXEL, TOP, rectangle, write_scene
from rasterio import Affine
from shapely.geometry import MultiPoint, Point, Polygon

from glcnet_plugin.datasets.vector.burning import Burner, Grid
from glcnet_plugin.datasets.vector.labels import VectorLabels
from glcnet_plugin.errors import DataError

GRID = Grid('x.tif', CRS, NORTH_UP, 16, 20)
NO = 255


def labels_of(*shapes, crs=CRS):
    """Labels of pairs of class id and geometry."""
    ids, geometries = zip(*shapes, strict=True)
    frame = geopandas.GeoDataFrame({'class_id': ids}, geometry=list(geometries), crs=crs)
    return VectorLabels('drawn.gpkg', frame, [f'c{i}' for i in range(max(ids) + 1)])


def burnt(labels, grid=GRID, window=None, **settings):
    burner = Burner(labels, grid, **settings)
    return burner.classes(burner.features(window or grid.whole))


def filled(*parts, shape=(16, 20)):
    """Class ids by pixel; parts of (id, y, x, height, width) in turn."""
    ids = np.full(shape, NO, np.uint8)
    for value, y, x, height, width in parts:
        ids[y : y + height, x : x + width] = value
    return ids


def test_corners_at_the_edges_of_pixels():
    labels = labels_of((0, rectangle(2, 3, 4, 5)), (2, rectangle(10, 0, 6, 20)))
    np.testing.assert_array_equal(burnt(labels), filled((0, 2, 3, 4, 5), (2, 10, 0, 6, 20)))


def test_a_pixel_belongs_to_a_polygon_by_its_centre():
    reach = [0.49, 0.51]  # of the second pixel, from its left edge
    for part, width in zip(reach, (1, 2), strict=True):
        shape = rectangle(0, 0, 1, 1 + part)
        np.testing.assert_array_equal(burnt(labels_of((0, shape))), filled((0, 0, 0, 1, width)))


def test_the_area_is_that_of_the_polygon_but_for_its_edge():
    grid = Grid('x.tif', CRS, NORTH_UP, 200, 200)
    disc = Point(LEFT + 201.3, TOP - 187.1).buffer(150)
    pixels = int((burnt(labels_of((0, disc)), grid) == 0).sum())
    assert abs(pixels * PIXEL**2 - disc.area) < disc.length * PIXEL


def test_holes_stay_unlabelled():
    ring = rectangle(2, 2, 6, 6).difference(rectangle(4, 4, 2, 2))
    np.testing.assert_array_equal(
        burnt(labels_of((1, ring))), filled((1, 2, 2, 6, 6), (NO, 4, 4, 2, 2))
    )


@pytest.mark.parametrize('crs', ['EPSG:4326', 'EPSG:3857', 'EPSG:32644'])
def test_labels_of_another_crs(crs):
    # a quarter of a pixel inside of the edges: corners are moved exactly, sides are straight
    labels = labels_of((0, rectangle(2, 3, 4, 5, 0.25)), (1, rectangle(9, 9, 3, 3, 0.25)))
    labels.frame = labels.frame.to_crs(crs)
    np.testing.assert_array_equal(burnt(labels), filled((0, 2, 3, 4, 5), (1, 9, 9, 3, 3)))


def test_south_up_and_turned_grids():
    labels = labels_of((0, rectangle(2, 3, 4, 5)), (1, rectangle(8, 0, 8, 2)))
    expected = burnt(labels)
    south_up = NORTH_UP @ Affine(1, 0, 0, 0, -1, 16)
    np.testing.assert_array_equal(burnt(labels, Grid('x', CRS, south_up, 16, 20)), expected[::-1])
    turned = NORTH_UP @ Affine(0, 1, 0, 1, 0, 0)  # columns of the scene run southwards
    np.testing.assert_array_equal(burnt(labels, Grid('x', CRS, turned, 20, 16)), expected.T)


def test_windows_are_parts_of_the_whole():
    disc = Point(LEFT + 17.3, TOP - 14.9).buffer(11)
    labels = labels_of((0, disc), (1, rectangle(0, 9, 16, 3)))
    whole = burnt(labels)
    for window in ((0, 0, 7, 9), (7, 9, 9, 11), (3, 2, 5, 5)):
        y, x, height, width = window
        np.testing.assert_array_equal(
            burnt(labels, window=window), whole[y : y + height, x : x + width]
        )


def test_later_features_win_and_claims_of_several_classes_are_counted():
    labels = labels_of(
        (0, rectangle(0, 0, 4, 8)),
        (1, rectangle(0, 4, 4, 8)),
        (0, rectangle(0, 6, 2, 2)),  # below it lies 1, below that 0
        (0, rectangle(0, 0, 1, 1)),  # of the class of what lies below it
    )
    np.testing.assert_array_equal(
        burnt(labels), filled((0, 0, 0, 4, 8), (1, 0, 4, 4, 8), (0, 0, 6, 2, 2))
    )
    overlap = Burner(labels, GRID).overlap(GRID.whole)
    np.testing.assert_array_equal(overlap, filled((1, 0, 4, 4, 4)) == 1)


def test_a_point_is_the_pixel_that_it_lies_in():
    points = MultiPoint([(LEFT + 3.9, TOP - 0.1), (LEFT + 4.1, TOP - 9.9)])
    np.testing.assert_array_equal(
        burnt(labels_of((1, points))), filled((1, 0, 1, 1, 1), (1, 4, 2, 1, 1))
    )


@pytest.mark.parametrize('crs', [CRS, 'EPSG:4326'])
def test_points_with_a_radius(crs):
    point, radius = (LEFT + 17.2, TOP - 15.1), 8.5
    shapes = labels_of((0, rectangle(0, 0, 1, 1)), (1, Point(point)))
    shapes.frame = shapes.frame.to_crs(crs)
    y, x = np.indices((16, 20)) + 0.5
    # metres on the ground: steps of the grid are 0.9996 of them
    distance = np.hypot(LEFT + PIXEL * x - point[0], TOP - PIXEL * y - point[1]) / 0.9996
    assert np.abs(distance - radius).min() > 0.01  # no centre of a pixel is doubtful
    result = burnt(shapes, point_radius=radius)
    np.testing.assert_array_equal(result == 1, distance < radius)
    assert result[0, 0] == 0 or crs != CRS  # polygons are not widened
    assert (burnt(shapes) == 1).sum() == 1  # and the next scene may have another radius


def test_a_polygon_that_crosses_itself_is_filled_as_it_is_drawn():
    corners = [(LEFT, TOP), (LEFT + 32, TOP - 32), (LEFT + 32, TOP), (LEFT, TOP - 32)]
    y, x = np.indices((16, 20)) + 0.5
    result = burnt(labels_of((0, Polygon(corners)))) == 0
    gap = np.abs(x - 8) - np.abs(y - 8)  # positive in the triangles to the left and right
    sure = (np.abs(gap) > 1) & (x < 16)
    np.testing.assert_array_equal(result[sure], (gap > 0)[sure])


def test_scenes_need_a_place(tmp_path):
    path = write_scene(tmp_path / 'scene.tif')
    assert Grid.of(str(path)) == Grid(str(path), CRS, NORTH_UP, 16, 16)
    path = write_scene(tmp_path / 'plain.tif', crs=None)
    with pytest.raises(DataError, match='plain.tif has no CRS.*rio edit-info --crs'):
        Grid.of(str(path))
