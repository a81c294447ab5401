import math

import pytest
from drawn import CRS, NORTH_UP
from rasterio import Affine

from glcnet_plugin.datasets.vector.burning import Grid
from glcnet_plugin.datasets.vector.ground_area import pixel_area
from glcnet_plugin.errors import DataError


def zone(south, north):
    """Area in square metres of WGS 84 between two latitudes, per degree of longitude."""
    a, f = 6378137.0, 1 / 298.257223563
    b, e = a * (1 - f), math.sqrt(f * (2 - f))

    def q(latitude):
        s = math.sin(math.radians(latitude))
        return s / (1 - (e * s) ** 2) + math.log((1 + e * s) / (1 - e * s)) / (2 * e)

    return b**2 / 2 * math.radians(1) * (q(north) - q(south))


def test_metres_on_the_central_meridian_of_a_zone():
    grid = Grid('x', CRS, NORTH_UP, 16, 16)
    # a step of the grid is 1 / 0.9996 of a step on the ground
    assert pixel_area(grid, grid.whole) == pytest.approx((2 / 0.9996) ** 2, rel=1e-6)


@pytest.mark.parametrize('north', [0.01, 60.0])
def test_degrees(north):
    grid = Grid('x', 'EPSG:4326', Affine(0.001, 0, 75, 0, -0.001, north), 20, 20)
    window = (10, 0, 10, 10)
    expected = zone(north - 0.02, north - 0.01) / 0.01 * 1e-3**2
    assert pixel_area(grid, window) == pytest.approx(expected, rel=1e-6)


def test_web_mercator_shows_the_north_too_large():
    # northing of 60 degrees on the sphere of the projection
    y = 6378137.0 * math.log(math.tan(math.radians(45 + 30)))
    grid = Grid('x', 'EPSG:3857', Affine(10, 0, 0, 0, -10, y), 2, 2)
    # the scale is 1 / cos 60 on a sphere; the ellipsoid changes less than 1 %
    assert pixel_area(grid, grid.whole) == pytest.approx(100 / 4, rel=0.01)


def test_south_up_is_no_negative_area():
    grid = Grid('x', CRS, Affine(2, 0, 500_000, 0, 2, 1_999_968), 16, 16)
    assert pixel_area(grid, grid.whole) == pytest.approx((2 / 0.9996) ** 2, rel=1e-6)


def test_a_plane_without_an_earth():
    grid = Grid('x.tif', 'LOCAL_CS["site",UNIT["metre",1]]', NORTH_UP, 4, 4)
    with pytest.raises(DataError, match='x.tif: its CRS LOCAL_CS.* has no known place'):
        pixel_area(grid, grid.whole)
