from pathlib import Path

import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import Affine

from glcnet_plugin.inference import scene as scene_module
from glcnet_plugin.inference.block_predictor import Tiling
from glcnet_plugin.inference.scene import predict_scene, scene_state

TILING = Tiling(64, 16, 4, block=100)


@pytest.mark.parametrize(
    ('crs', 'transform'),
    [
        ('EPSG:32643', None),
        ('EPSG:32735', Affine(10, 0, 300_000, 0, -10, 8_000_000)),  # southern
        ('EPSG:32643', Affine(0.4, 0.3, 500_000, 0.3, -0.4, 2_000_000)),  # turned
        ('EPSG:4326', Affine(1e-5, 0, 77, 0, 1e-5, 13)),  # south-up
    ],
)
def test_a_pixel_of_the_map_lies_where_that_of_the_scene_lies(
    make_model, write_scene, tmp_path, crs, transform, whole
):
    path, image = write_scene(150, 210, crs=crs, transform=transform)
    model = make_model()
    report = predict_scene(path, model, tmp_path / 'maps', TILING, confidence=True)
    with rasterio.open(path) as before, rasterio.open(report.path) as after:
        assert (before.shape, before.crs) == (after.shape, after.crs)
        for place in ((0, 0), (149, 0), (77, 209)):
            assert after.xy(*place) == pytest.approx(before.xy(*place), rel=1e-12)
        classes = after.read(1)
    np.testing.assert_array_equal(classes, whole(model, image).argmax(0))
    assert report.pixels == {f'class_{i}': int((classes == i).sum()) for i in range(3)}
    assert report.nodata == 0 and report.path.name == 'scene_map.tif'
    with rasterio.open(tmp_path / 'maps/scene_confidence.tif') as raster:
        assert raster.descriptions == ('confidence', 'entropy') and raster.read().max() <= 100
    assert (tmp_path / 'maps/scene_map.qml').is_file()


def test_a_killed_prediction_goes_on_with_the_next_block(
    make_model, write_scene, tmp_path, monkeypatch, whole
):
    path, image = write_scene(150, 210)
    model, done = make_model(), []
    call = scene_module.BlockPredictor.__call__

    def killed(self, block):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(block)
        return call(self, block)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(scene_module.BlockPredictor, '__call__', killed)
        predict_scene(path, model, tmp_path / 'maps', TILING)
    assert not (tmp_path / 'maps/scene_map.tif').exists()

    def counted(self, block):
        done.append(block)
        return call(self, block)

    monkeypatch.setattr(scene_module.BlockPredictor, '__call__', counted)
    report = predict_scene(path, model, tmp_path / 'maps', TILING)
    assert len(done) == len(set(done)) == 6
    with rasterio.open(report.path) as raster:
        np.testing.assert_array_equal(raster.read(1), whole(model, image).argmax(0))


def test_a_picture_without_a_place_has_a_map_without_one(make_model, write_scene, tmp_path):
    path, _ = write_scene(70, 70, crs=None, transform=Affine.identity())
    report = predict_scene(path, make_model(), tmp_path / 'maps')
    assert 'has no CRS: the map has none either' in report.notes[0]
    with rasterio.open(report.path) as raster:
        assert raster.crs is None


def test_blocks_of_a_scene_that_was_changed_are_not_taken(
    make_model, write_scene, tmp_path, monkeypatch, whole
):
    path, _ = write_scene(150, 210)
    model, call = make_model(), scene_module.BlockPredictor.__call__

    def killed(self, block):
        if block[0][0] > 0:
            raise KeyboardInterrupt
        return call(self, block)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(scene_module.BlockPredictor, '__call__', killed)
        predict_scene(path, model, tmp_path / 'maps', TILING)
    with rasterio.open(path, 'r+') as raster:
        image = 255 - raster.read()
        raster.write(image)
    report = predict_scene(path, model, tmp_path / 'maps', TILING)
    with rasterio.open(report.path) as raster:
        np.testing.assert_array_equal(raster.read(1), whole(model, image).argmax(0))


def test_files_that_are_read_along_belong_to_the_state(write_scene):
    """Blocks of before were taken although the mask beside the scene had changed."""
    path = Path(write_scene(64, 64)[0])
    status = path.stat()
    assert scene_state(path) == [status.st_mtime_ns, status.st_size]
    path.with_name(f'{path.name}.aux.xml').write_text('<PAMDataset></PAMDataset>')
    assert len(scene_state(path)) == 4
    assert scene_state('/vsicurl/https://example.org/a.tif') == []


def test_a_place_without_a_crs_is_kept(make_model, tmp_path):
    """The map of a scene with a world file lay at the origin."""
    path = tmp_path / 'a.png'
    Image.fromarray(np.full((40, 50, 3), 99, np.uint8)).save(path)
    (tmp_path / 'a.pgw').write_text('0.5\n0\n0\n-0.5\n500000.25\n4999999.75\n')
    report = predict_scene(path, make_model(), tmp_path / 'maps')
    assert report.notes == [f'{path} has no CRS: the map has none either']
    with rasterio.open(report.path) as raster:
        assert raster.crs is None and raster.transform == Affine(0.5, 0, 500000, 0, -0.5, 5000000)
