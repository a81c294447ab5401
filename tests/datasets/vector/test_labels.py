import sys

import geopandas
import pandas as pd
import pytest
from drawn import CRS, rectangle, write_drawn
from shapely.geometry import LineString, Point, Polygon

from glcnet_plugin.datasets.vector.labels import read_labels
from glcnet_plugin.errors import ConfigError, DataError

TWO = [('road', rectangle(0, 0, 4, 4)), ('field', rectangle(4, 4, 4, 4))]


@pytest.mark.parametrize('suffix', ['gpkg', 'geojson', 'shp'])
def test_formats(tmp_path, suffix):
    path = write_drawn(tmp_path / f'drawn.{suffix}', TWO)
    labels = read_labels(path, 'class')
    assert labels.classes == ['field', 'road'] and labels.notes == []
    assert labels.frame['class_id'].tolist() == [1, 0]
    ground = labels.geometries(CRS)
    assert all(a.equals_exact(b.normalize(), 1e-6) for a, b in zip(
        [shape.normalize() for shape in ground], [shape for _, shape in TWO], strict=True
    ))  # fmt: skip


def test_what_cannot_be_burnt_is_named(tmp_path):
    crossing = Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])
    shapes = [
        ('road', rectangle(0, 0, 1, 1)),
        (None, rectangle(0, 0, 1, 1)),
        ('road', LineString([(0, 0), (1, 1)])),
        ('road', crossing),
        ('road', None),
        ('road', Polygon()),
    ]
    path = write_drawn(tmp_path / 'drawn.gpkg', shapes)  # ids from 1
    labels = read_labels(path, 'class', ['road', 'field'])
    assert labels.frame.index.tolist() == [1, 4]
    assert [note.replace(str(path), 'FILE') for note in labels.notes] == [
        '2 feature(s) (id 5, 6) of FILE have no geometry; left out',
        "1 feature(s) (id 2) of FILE have no class in 'class'; left out",
        '1 feature(s) (id 3) of FILE are neither polygons nor points: buffer lines in QGIS; '
        'left out',
        '1 feature(s) (id 4) of FILE are invalid, such as crossing themselves; burnt as QGIS shows '
        'them: correct them by its tool "Fix geometries"',
        "FILE has no feature of the classes ['field']",
    ]


def test_missing_column(tmp_path):
    path = write_drawn(tmp_path / 'drawn.gpkg', TWO, column='label', year=[1, 2])
    with pytest.raises(DataError, match=r"no column 'class', choose one of \['label', 'year'\]"):
        read_labels(path, 'class')


def test_unknown_crs(tmp_path):
    path = write_drawn(tmp_path / 'drawn.shp', TWO, crs=None)
    with pytest.raises(DataError, match=r'not known \(a Shapefile needs its .prj\).*--crs EPSG'):
        read_labels(path, 'class')
    assert read_labels(path, 'class', crs=CRS).frame.crs == CRS
    with pytest.raises(DataError, match='--crs EPSG:1 is no CRS'):
        read_labels(path, 'class', crs='EPSG:1')


def test_metres_that_claim_to_be_degrees(tmp_path):
    path = write_drawn(tmp_path / 'drawn.geojson', TWO, crs=None)  # its default is degrees
    with pytest.raises(DataError, match='in degrees .* has coordinates up to 2000000'):
        read_labels(path, 'class')
    labels = read_labels(path, 'class', crs=CRS)
    assert labels.notes == [f'{path} says its CRS is EPSG:4326, {CRS} was given and taken']


def test_layers(tmp_path):
    path = tmp_path / 'drawn.gpkg'
    for index, name in enumerate(('first', 'second')):
        frame = geopandas.GeoDataFrame({'class': [name]}, geometry=[TWO[index][1]], crs=CRS)
        frame.to_file(path, layer=name, engine='pyogrio')
    assert read_labels(path, 'class', layer='second').classes == ['second']
    for layer in (None, 'third'):
        with pytest.raises(DataError, match=r"layers \['first', 'second'\]: choose .* --layer"):
            read_labels(path, 'class', layer=layer)


def test_files_that_are_no_labels(tmp_path):
    with pytest.raises(DataError, match='gone.gpkg: no such file'):
        read_labels(tmp_path / 'gone.gpkg', 'class')
    (tmp_path / 'text.gpkg').write_text('text')
    with pytest.raises(DataError, match='cannot read the labels .*text.gpkg'):
        read_labels(tmp_path / 'text.gpkg', 'class')
    pd.DataFrame({'class': ['a']}).to_csv(tmp_path / 'table.csv')
    with pytest.raises(DataError, match='is a table without geometries'):
        read_labels(tmp_path / 'table.csv', 'class')


def test_nothing_to_burn(tmp_path):
    path = write_drawn(tmp_path / 'drawn.gpkg', [('', Point(0, 0))])
    with pytest.raises(DataError, match='no polygon or point with a class: 1 feature'):
        read_labels(path, 'class')


def test_what_has_no_place_in_a_crs_is_empty(tmp_path):
    island = Polygon([(-170, -52), (-169, -52), (-169, -51)])  # the antipode of Europe
    path = write_drawn(tmp_path / 'drawn.gpkg', [('land', island)], crs='EPSG:4326')
    assert read_labels(path, 'class').geometries('EPSG:3035')[0].is_empty


def test_a_crs_without_a_way_to_it(tmp_path):
    path = write_drawn(tmp_path / 'drawn.gpkg', TWO)
    local = 'LOCAL_CS["site",UNIT["metre",1]]'
    with pytest.raises(DataError, match='cannot bring .*drawn.gpkg from EPSG:32643 to LOCAL_CS'):
        read_labels(path, 'class').geometries(local)


def test_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pyogrio', None)
    with pytest.raises(ConfigError, match=r'pip install "glcnet-plugin\[vector\]"'):
        read_labels(tmp_path, 'class')
