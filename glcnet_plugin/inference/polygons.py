"""Polygons of the areas of a map."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import rasterio
from rasterio.features import shapes
from shapely.geometry import shape

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.inference.map_writer import NODATA


def write_polygons(
    path: Path, classes: Sequence[str], min_area: float = 0.0, simplify: float = 0.0
) -> tuple[Path, dict[str, float]]:
    """Write the areas of a map as polygons, and measure them.

    Neighbouring pixels of a class, by their sides, make one polygon.

    Args:
        path: The map, with a projected CRS.
        classes: Names of the classes.
        min_area: Area in square metres below which polygons are left out.
        simplify: Distance in metres by which an outline may move; 0 keeps the sides of pixels.

    Returns:
        The GeoPackage beside the map, with ``class_id``, ``class`` and ``area_m2``; and the area of
        each class in hectares, of the polygons that are written, before they are simplified.

    Raises:
        DataError: If the map has no CRS, or one in degrees, where areas have no unit.
        ConfigError: If geopandas is not installed, or a number is negative.
    """
    if min(min_area, simplify) < 0:
        raise ConfigError(f'min_area and simplify must not be negative: {min_area}, {simplify}')
    try:
        import geopandas
    except ImportError as error:
        raise ConfigError("polygons need geopandas: pip install 'glcnet-plugin[vector]'") from error
    records: list[dict[str, Any]] = []
    with rasterio.open(path) as raster:
        if raster.crs is None or not raster.crs.is_projected:
            raise DataError(
                f'{path} has {"no CRS" if raster.crs is None else "a CRS in degrees"}: areas need '
                'one in metres; reproject the scene, for example with rio warp --dst-crs EPSG:...'
            )
        metres = float(raster.crs.linear_units_factor[1])
        band = rasterio.band(raster, 1)
        for outline, value in shapes(band, mask=raster.dataset_mask(), transform=raster.transform):
            area = shape(outline).area * metres**2
            if area >= min_area and int(value) != NODATA:
                geometry = shape(outline)
                if simplify:
                    geometry = geometry.simplify(simplify / metres)
                record: dict[str, Any] = {'class_id': int(value), 'class': classes[int(value)]}
                records.append({**record, 'area_m2': area, 'geometry': geometry})
        crs = raster.crs
    columns = ['class_id', 'class', 'area_m2', 'geometry']
    table = geopandas.GeoDataFrame(records, columns=columns, geometry='geometry', crs=crs)
    target = path.with_suffix('.gpkg')
    part = path.with_suffix('.part.gpkg')
    part.unlink(missing_ok=True)
    table.to_file(part, driver='GPKG')
    part.replace(target)
    areas = dict.fromkeys(classes, 0.0)
    for record in records:
        areas[record['class']] += record['area_m2'] / 1e4
    return target, areas
