"""A network that sees two pixels around each, and scenes."""

import numpy as np
import pytest
import rasterio
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from rasterio.transform import from_origin
from torch import nn

from glcnet_plugin.inference.model import SegmentationModel


class SmallNetwork(nn.Module):
    """Two convolutions of 3 x 3: the prediction of a pixel depends on 5 x 5 pixels."""

    def __init__(self, bands, classes):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(
            nn.Conv2d(bands, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, classes, 3, padding=1)
        )
        self.calls = 0

    def data_preprocessor(self, data, training):
        return {'inputs': torch.stack(data['inputs']) / 255, 'data_samples': None}

    def encode_decode(self, inputs, metas):
        self.calls += 1
        return 20 * self.layers(inputs)


@pytest.fixture
def make_model():
    def make(bands=3, classes=3, window=64, **others):
        names = [f'class_{i}' for i in range(classes)]
        palette = [[10 * i, 200 - 10 * i, 30] for i in range(classes)]
        settings = dict(band_names=None, reverses_bands=False, loading={}, fingerprint='x')
        network = SmallNetwork(bands, classes).eval()
        return SegmentationModel(
            network, names, palette, bands, window=window, **{**settings, **others}
        )

    return make


@pytest.fixture
def whole():
    """Probabilities of the classes of a scene that the network sees at once."""

    def predict(model, image):
        return model.probabilities(torch.from_numpy(image)[None].float())[0].numpy()

    return predict


@pytest.fixture
def write_scene(tmp_path):
    """Write a GeoTIFF of smooth noise."""

    def write(height, width, name='scene.tif', transform=None, crs='EPSG:32643', **profile):
        rng = np.random.default_rng(0)
        coarse = rng.integers(0, 256, (3, -(-height // 8), -(-width // 8)), np.uint8)
        image = coarse.repeat(8, 1).repeat(8, 2)[:, :height, :width]
        transform = transform or from_origin(500_000, 2_000_000, 0.5, 0.5)
        settings = dict(
            driver='GTiff', height=height, width=width, count=3, dtype='uint8', tiled=True,
            blockxsize=64, blockysize=64, transform=transform, crs=crs,
        )  # fmt: skip
        path = tmp_path / name
        with rasterio.open(path, 'w', **{**settings, **profile}) as raster:
            raster.write(image)
        return path, image

    return write


ROOT = 'configs/downstream/linear_r18w16_1xb8-300i_few-labels.py'


@pytest.fixture
def cfg(request):
    return Config.fromfile(request.config.rootpath / ROOT)


@pytest.fixture
def save(cfg, tmp_path):
    """Write a checkpoint as a run leaves it."""

    def save(meta=None, text=None):
        with DefaultScope.overwrite_default_scope('mmseg'):
            network = MODELS.build(cfg.model)
        names = ['a', 'b', 'c', 'd', 'e', 'f']
        recorded = {
            'cfg': cfg.pretty_text if text is None else text,
            'dataset_meta': {'classes': names, 'palette': [[i, i, i] for i in range(6)]},
            'bands': {'names': ['red', 'green', 'blue'], 'mean': [1.0] * 3, 'std': [1.0] * 3},
        }
        content = {'state_dict': network.state_dict(), 'meta': {**recorded, **(meta or {})}}
        path = tmp_path / 'x.pth'
        torch.save(content, path)
        return path, network

    return save


@pytest.fixture
def base(request):
    return request.config.rootpath / ROOT


@pytest.fixture
def pretrained(request, tmp_path):
    """A checkpoint as a pretraining leaves it, of another backbone than the config's."""
    cfg = Config.fromfile(
        request.config.rootpath / 'configs/glcnet/glcnet_r18w16-d3plus_1xb32-60e_demo.py'
    )
    cfg.model.backbone.base_channels = 8
    cfg.model.backbone.stem_channels = 8
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        network = MODELS.build(cfg.model)
        network.init_weights()
    bands = {'names': None, 'mean': [100.0, 110.0, 120.0], 'std': [50.0] * 3}
    meta = {'cfg': cfg.pretty_text, 'bands': bands}
    torch.save({'state_dict': network.state_dict(), 'meta': meta}, tmp_path / 'pretrained.pth')
    return tmp_path / 'pretrained.pth', network
