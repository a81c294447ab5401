"""Area of pixels on the ground."""

from functools import lru_cache
from typing import Any

import numpy as np

from glcnet_plugin.datasets.io.rasters import Window
from glcnet_plugin.datasets.vector.burning import Grid
from glcnet_plugin.errors import DataError


def pixel_area(grid: Grid, window: Window) -> float:
    """Mean area of the pixels of a window on the ellipsoid, in any CRS.

    As QGIS measures areas: the plane of a projection shows them too large or too small, that of
    web maps by a factor of 4 at 60 degrees.

    Args:
        grid: The grid.
        window: (y, x, height, width) in pixels.

    Returns:
        Square metres.

    Raises:
        DataError: If the CRS has no known place on the earth.
    """
    from pyproj.exceptions import ProjError

    try:
        to_degrees, ellipsoid = _tools(grid.crs)
        lon, lat = to_degrees.transform(*np.transpose(grid.corners(window)))
        area, _ = ellipsoid.polygon_area_perimeter(lon, lat)
    except ProjError as error:
        raise DataError(
            f'{grid.path}: its CRS {grid.crs} has no known place on the earth ({error}): give it '
            'another by "rio edit-info --crs EPSG:... FILE"'
        ) from error
    return abs(area) / (window[2] * window[3])


@lru_cache
def _tools(crs: str) -> tuple[Any, Any]:
    """What turns coordinates into degrees, and the ellipsoid."""
    from pyproj import CRS, Geod, Transformer

    degrees = CRS('EPSG:4326')
    geod = degrees.get_geod() or Geod(ellps='WGS84')
    return Transformer.from_crs(crs, degrees, always_xy=True), geod
