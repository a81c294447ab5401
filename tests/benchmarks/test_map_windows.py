from types import SimpleNamespace

import map_windows
import numpy as np
import pytest
import rasterio
from map_windows import score_windows

from glcnet_plugin.datasets.io.folder_format import image_files, read_classes
from glcnet_plugin.datasets.io.masks import read_mask


@pytest.fixture
def as_predicted(monkeypatch, scenes):
    """Maps that are right with windows of 128 px, and of class 0 with others."""

    names = read_classes(scenes)['classes']

    def predict(image, model, out, tiling):
        truth = read_mask(scenes / f'masks/{image.stem}.png')
        values = truth if tiling.window == 128 else np.zeros_like(truth)
        size = dict(zip(('height', 'width'), values.shape, strict=True))
        path = f'{out}/{image.stem}_map.tif'
        with rasterio.open(path, 'w', driver='GTiff', count=1, dtype='uint8', **size) as raster:
            raster.write(values, 1)
            raster.update_tags(**{f'CLASS_{i}': name for i, name in enumerate(names)})
        return SimpleNamespace(path=path)

    monkeypatch.setattr(map_windows, 'load_model', lambda path: None)
    monkeypatch.setattr(map_windows, 'predict_scene', predict)


@pytest.mark.filterwarnings('ignore:Dataset has no geotransform')
def test_maps_of_each_window_are_scored(scenes, as_predicted):
    names = list(image_files(scenes / 'images'))[:3]
    found = score_windows(scenes, 'x.pth', names, [64, 128])
    assert found['128'] == {'Kappa': 1.0, 'mIoU': 1.0}
    assert found['64']['Kappa'] == 0
