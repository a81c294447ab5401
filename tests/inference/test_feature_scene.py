import numpy as np
import pytest
import rasterio
import torch
from torch import nn

from glcnet_plugin.errors import DataError
from glcnet_plugin.inference.block_predictor import Tiling
from glcnet_plugin.inference.feature_map import FeatureMap, clusters, likeness
from glcnet_plugin.inference.feature_model import FeatureModel
from glcnet_plugin.inference.feature_scene import FeatureScene


class Backbone(nn.Module):
    """Two stages; a feature depends on 5 x 5 pixels."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.second = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 5, 3, padding=1)

    def forward(self, images):
        one = self.first(images)
        return one, self.second(one.relu())


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = Backbone()

    def data_preprocessor(self, data, training):
        return {'inputs': torch.stack(data['inputs']) / 255, 'data_samples': None}


@pytest.fixture
def model():
    return FeatureModel(Network().eval(), (), (), 3, None, 32, False, {}, 'x')


TILING = Tiling(32, 12, 3, block=40)


def test_windows_show_what_the_whole_scene_does(model, write_scene, tmp_path):
    path, image = write_scene(50, 70)
    drawn = FeatureMap(
        'two', ['a', 'b'], lambda cells: cells[:, [1, 6]],
        lambda maps: np.clip(maps * 60 + 120, 0, 254).astype(np.uint8), ['a', 'b'], [],
    )  # fmt: skip
    written = FeatureScene(path, model, TILING).write(drawn, tmp_path / 'maps')
    whole = model.cells(torch.from_numpy(image)[None].float())[0].numpy()
    with rasterio.open(written) as raster, rasterio.open(path) as scene:
        np.testing.assert_array_equal(raster.read(), drawn.values(whole[[1, 6]]))
        assert raster.descriptions == ('a', 'b') and raster.nodata == 255
        assert (raster.crs, raster.transform) == (scene.crs, scene.transform)
    assert written.name == 'scene_two.tif'


def test_clusters_are_a_map_of_classes(model, write_scene, tmp_path):
    path, _ = write_scene(50, 70, nodata=0)
    scene = FeatureScene(path, model, TILING)
    written = scene.write(clusters(scene.sample(), 4), tmp_path)
    with rasterio.open(written) as raster:
        found = raster.read(1)
        assert raster.tags()['CLASS_3'] == 'cluster 3' and len(raster.colormap(1)) >= 4
    assert set(np.unique(found)) <= {0, 1, 2, 3, 255} and len(np.unique(found)) > 2
    assert written.with_suffix('.qml').is_file()


def test_a_place_is_most_like_itself(model, write_scene, tmp_path):
    path, image = write_scene(50, 70)
    scene = FeatureScene(path, model, TILING)
    row, column = scene.pixel_of(500_000 + 0.5 * 41.5, 2_000_000 - 0.5 * 13.5)
    assert (row, column) == (13, 41)
    whole = model.cells(torch.from_numpy(image)[None].float())[0].numpy()
    np.testing.assert_allclose(scene.at(13, 41), whole[:, 13, 41], atol=1e-5)
    written = scene.write(likeness(scene.sample(), scene.at(13, 41)), tmp_path)
    with rasterio.open(written) as raster:
        found = raster.read(1)
    assert found[13, 41] == 100 and found.mean() < 60


def test_places_outside_and_without_data_are_refused(model, write_scene, tmp_path):
    path, _ = write_scene(50, 70)
    with pytest.raises(DataError, match='pixel 50, 0 .row, column. lies outside of .*50x70 px'):
        FeatureScene(path, model, TILING).at(50, 0)
    with rasterio.open(path, 'r+') as raster:
        raster.nodata = 0
        raster.write(np.zeros((3, 50, 70), np.uint8))
    with pytest.raises(DataError, match='pixel 3, 4 of .* has no data'):
        FeatureScene(path, model, TILING).at(3, 4)
    with pytest.raises(DataError, match='has no window with data'):
        FeatureScene(path, model, TILING).sample()


def test_windows_with_holes_are_sampled_where_they_have_data(model, write_scene):
    """A scene with a hole in each window had no data."""
    path, image = write_scene(50, 70, nodata=0)
    image = np.maximum(image, 1)
    image[:, ::10, ::10] = 0
    with rasterio.open(path, 'r+') as raster:
        raster.write(image)
    found = FeatureScene(path, model, Tiling(80, 0, 0)).sample()
    assert found.shape == (50 * 70 - 5 * 7, 9)


def test_a_large_scene_is_sampled_in_little_memory(model, write_scene, monkeypatch):
    from glcnet_plugin.inference import feature_scene

    monkeypatch.setattr(feature_scene, 'CELLS', 40)
    path, _ = write_scene(50, 70)
    scene = FeatureScene(path, model, TILING)
    parts, cells = [], scene._cells
    monkeypatch.setattr(scene, '_cells', lambda *args: parts.append(cells(*args)) or parts[-1])
    assert scene.sample().shape == (40, 9)
    assert len(parts) == 6 and {len(part) for part in parts} == {7}


def test_blocks_of_another_place_are_not_taken(model, write_scene, tmp_path, monkeypatch):
    """Half of the map showed what is like the first place, the rest what is like the second."""
    from glcnet_plugin.inference import feature_scene

    path, _ = write_scene(50, 70)
    scene = FeatureScene(path, model, TILING)
    first, second = (likeness(scene.sample(), scene.at(*place)) for place in ((13, 41), (40, 3)))
    expected = scene.write(second, tmp_path / 'whole').read_bytes()
    write = feature_scene.MapWriter.write

    def killed(self, block, values):
        if block[0][0] > 0:
            raise KeyboardInterrupt
        write(self, block, values)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(feature_scene.MapWriter, 'write', killed)
        scene.write(first, tmp_path / 'maps')
    assert scene.write(second, tmp_path / 'maps').read_bytes() == expected


def test_what_could_not_be_read_is_said(model, write_scene, tmp_path, monkeypatch):
    from glcnet_plugin.inference import block_predictor

    path, _ = write_scene(50, 70)
    scene = FeatureScene(path, model, TILING)
    drawn = likeness(scene.sample(), scene.at(13, 41))
    read = block_predictor.read_masked

    def damaged(file, bands, window, **others):
        if window[:2] == (0, 0):
            raise DataError('scene.tif is damaged there')
        return read(file, bands, window, **others)

    monkeypatch.setattr(block_predictor, 'read_masked', damaged)
    scene.write(drawn, tmp_path)
    assert scene.unreadable == ['scene.tif is damaged there']
    with pytest.raises(DataError, match='scene.tif is damaged there'):
        scene.at(0, 0)
