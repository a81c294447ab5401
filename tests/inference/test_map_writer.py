import numpy as np
import pytest
import rasterio
from rasterio.errors import RasterioIOError
from rasterio.shutil import copy

from glcnet_plugin.datasets.io.rasters import CACHE_BYTES
from glcnet_plugin.errors import StorageError
from glcnet_plugin.inference import map_writer
from glcnet_plugin.inference.map_writer import MapWriter, write_style

BLOCKS = [((0, 30), (0, 40)), ((30, 50), (0, 40))]


def writer(folder, **settings):
    return MapWriter(
        folder / 'a_map.tif', (50, 40), {'crs': 'EPSG:4326'}, {'window': 64, **settings}
    )


def test_a_killed_run_goes_on(tmp_path):
    first = writer(tmp_path)
    first.write(BLOCKS[0], np.full((1, 30, 40), 2, np.uint8))
    assert not (tmp_path / 'a_map.tif').exists()
    second = writer(tmp_path)
    assert second.done == {BLOCKS[0]}
    second.write(BLOCKS[1], np.full((1, 20, 40), 1, np.uint8))
    assert second.counts()[:3].tolist() == [0, 800, 1200]
    path = second.finish({'CLASS_1': 'road'}, [[0, 0, 0], [9, 8, 7], [1, 2, 3]])
    assert [p.name for p in tmp_path.iterdir()] == ['a_map.tif']
    with rasterio.open(path) as raster:
        assert raster.nodata == 255 and raster.read(1)[[0, 49], 0].tolist() == [2, 1]
        assert raster.colormap(1)[1] == (9, 8, 7, 255) and raster.tags()['CLASS_1'] == 'road'
        assert raster.crs.to_epsg() == 4326 and raster.descriptions == ('class',)
        assert raster.tags(ns='IMAGE_STRUCTURE')['LAYOUT'] == 'COG'


def test_blocks_of_other_settings_are_not_taken(tmp_path):
    writer(tmp_path).write(BLOCKS[0], np.zeros((1, 30, 40), np.uint8))
    assert writer(tmp_path, window=32).done == set()


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    one = writer(tmp_path)

    def full(*_):
        raise RasterioIOError('No space left on device')

    monkeypatch.setattr(rasterio, 'open', full)
    message = r'a_map.tif could not be written: No space left.*the 0 finished blocks are kept'
    with pytest.raises(StorageError, match=message):
        one.write(BLOCKS[0], np.zeros((1, 30, 40), np.uint8))


def test_style_for_qgis(tmp_path):
    write_style(tmp_path / 'a.tif', ['road', 'grass & trees'], [[255, 0, 16], [0, 128, 0]])
    text = (tmp_path / 'a.qml').read_text()
    assert 'type="paletted"' in text and 'label="grass &amp; trees"' in text
    assert 'value="0" label="road" color="#ff0010"' in text


def test_the_cache_of_gdal_does_not_grow_with_the_map(tmp_path, monkeypatch):
    """It took a twentieth of the machine's memory while a large map was finished."""
    seen = []

    def spy(*args, **options):
        seen.append(rasterio.env.getenv()['GDAL_CACHEMAX'])
        return copy(*args, **options)

    monkeypatch.setattr(map_writer, 'copy', spy)
    writer = MapWriter(tmp_path / 'm.tif', (8, 8), {}, {})
    writer.write(((0, 8), (0, 8)), np.zeros((1, 8, 8), np.uint8))
    writer.finish({})
    assert seen == [CACHE_BYTES]
