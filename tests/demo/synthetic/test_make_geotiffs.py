import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp
from synthetic.make_geotiffs import main, make_geotiffs
from synthetic.scene_painter import CLASSES, ScenePainter

from glcnet_plugin.datasets.vector.labels import import_geopandas


def test_scenes_and_polygons_of_their_classes(tmp_path):
    pytest.importorskip('geopandas')
    count = make_geotiffs(tmp_path / 'scenes', 3, 192, labels=tmp_path / 'labels.gpkg')
    table = import_geopandas().read_file(tmp_path / 'labels.gpkg')
    assert len(table) == count > 0 and set(table['class']) <= set(CLASSES)
    extents = []
    for index in range(3):
        with rasterio.open(tmp_path / f'scenes/scene_{index}.tif') as raster:
            assert raster.crs == table.crs and raster.dtypes == ('uint8',) * 3
            extents.append(raster.bounds)
            transform = raster.transform
        label = ScenePainter(index, 192).paint()[1]
        for row in table.itertuples():
            x, y = row.geometry.representative_point().coords[0]
            column, line = ~transform * (x, y)
            if 0 <= column < 192:
                assert index < 2  # the last third is not labelled
                assert CLASSES[label[int(line), int(column)]] == row[1]
    assert [box.left for box in extents[1:]] == [box.right for box in extents[:2]]


def test_four_bands_are_reflectances(tmp_path):
    make_geotiffs(tmp_path, 1, 96, bands=4)
    with rasterio.open(tmp_path / 'scene_0.tif') as raster:
        values = raster.read()
        assert raster.descriptions == ('R', 'G', 'B', 'NIR')
        assert raster.colorinterp[3] == ColorInterp.nir
    truth = ScenePainter(0, 96).paint()[0].transpose(2, 0, 1)
    np.testing.assert_allclose(values / 10_000, truth, atol=1e-4)


def test_no_scene_is_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['', str(tmp_path / 'new'), '--scenes', '0'])
    with pytest.raises(SystemExit):
        main()
    assert 'need --scenes >= 1, got 0' in capsys.readouterr().err
    assert not (tmp_path / 'new').exists()
