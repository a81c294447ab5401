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
