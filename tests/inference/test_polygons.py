import geopandas
import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.inference.map_writer import MapWriter
from glcnet_plugin.inference.polygons import write_polygons

CLASSES = ['field', 'road']


@pytest.fixture
def write_map(tmp_path):
    """A field with a road of 1 x 10 px, one more pixel of road, a corner of nodata; 2 m pixels."""

    def write(crs='EPSG:32643'):
        values = np.zeros((1, 20, 30), np.uint8)
        values[0, 5, 4:14] = 1
        values[0, 15, 20] = 1
        values[0, :3, :3] = 255
        transform = from_origin(500_000, 2_000_000, 2, 2)
        writer = MapWriter(
            tmp_path / 'a_map.tif', (20, 30), {'crs': crs, 'transform': transform}, {}
        )
        writer.write(((0, 20), (0, 30)), values)
        return writer.finish({})

    return write


def test_polygons_cover_what_the_map_says(write_map):
    path, areas = write_polygons(write_map(), CLASSES)
    table = geopandas.read_file(path)
    assert path.name == 'a_map.gpkg' and table.crs.to_epsg() == 32643
    assert sorted(zip(table['class'], table.area_m2, strict=True)) == [
        ('field', (600 - 9 - 11) * 4), ('road', 4), ('road', 40),
    ]  # fmt: skip
    assert table.geometry.area.tolist() == table.area_m2.tolist()
    assert areas == pytest.approx({'field': 0.232, 'road': 0.0044})
    left, bottom, right, top = table[table.area_m2 == 40].total_bounds
    assert (left, right, top, bottom) == (500_008, 500_028, 1_999_990, 1_999_988)


def test_small_areas_are_left_out_and_outlines_simplified(write_map):
    path, areas = write_polygons(write_map(), CLASSES, min_area=5, simplify=3)
    table = geopandas.read_file(path)
    assert sorted(table.area_m2) == [40, 2320] and areas['road'] == pytest.approx(0.004)


def test_areas_need_metres(write_map):
    with pytest.raises(DataError, match='has a CRS in degrees: areas need one in metres'):
        write_polygons(write_map('EPSG:4326'), CLASSES)
    with pytest.raises(DataError, match='has no CRS: areas'):
        write_polygons(write_map(None), CLASSES)
    with pytest.raises(ConfigError, match='must not be negative: -1'):
        write_polygons(write_map(), CLASSES, min_area=-1)


def test_a_map_without_any_class_gives_no_polygon(tmp_path):
    writer = MapWriter(tmp_path / 'a_map.tif', (4, 4), {'crs': 'EPSG:32643'}, {})
    writer.write(((0, 4), (0, 4)), np.full((1, 4, 4), 255, np.uint8))
    path, areas = write_polygons(writer.finish({}), CLASSES)
    assert len(geopandas.read_file(path)) == 0 and areas == {'field': 0.0, 'road': 0.0}
    assert rasterio.open(tmp_path / 'a_map.tif').read().min() == 255
