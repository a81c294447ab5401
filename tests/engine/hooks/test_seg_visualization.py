from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample
from mmseg.visualization import SegLocalVisualizer

from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.engine.hooks import RSSegVisualizationHook


@pytest.fixture
def sample(tmp_path):
    """A 13-band image with a prediction: class 1 on the right."""
    image = np.random.randint(0, 4000, (16, 16, 13)).astype(np.uint16)
    prediction = torch.zeros(1, 16, 16, dtype=torch.long)
    prediction[..., 8:] = 1
    result = SegDataSample(metainfo={'img_path': str(write_image(tmp_path / 'x', image))})
    result.pred_sem_seg = PixelData(data=prediction)
    return result


@pytest.fixture
def hook(tmp_path):
    visualizer = SegLocalVisualizer.get_instance(
        f'test_{tmp_path.name}', save_dir=str(tmp_path), alpha=1.0,
        vis_backends=[dict(type='LocalVisBackend')],
    )  # fmt: skip
    visualizer.dataset_meta = {'classes': ['a', 'b'], 'palette': [[255, 0, 0], [0, 255, 0]]}
    result = RSSegVisualizationHook(bands=(3, 2, 1), draw=True, interval=2)
    result._visualizer = visualizer
    return result


def test_predictions_on_thirteen_bands_become_pictures(hook, sample, tmp_path):
    runner = SimpleNamespace(iter=4)
    hook.after_test_iter(runner, 0, None, [sample])
    hook.after_val_iter(runner, 0, None, [sample])
    hook.after_val_iter(runner, 1, None, [sample])  # not the turn of an interval of 2
    pictures = sorted(path.name for path in tmp_path.rglob('*.png'))
    assert pictures == ['test_x_1.png', 'val_x_4.png']
    drawn = cv2.imread(str(next(tmp_path.rglob('test_x_1.png'))))[..., ::-1]
    assert tuple(drawn[2, 14]) == (0, 255, 0)  # plain colour: alpha is 1


def test_nothing_is_drawn_unless_asked(sample, tmp_path):
    hook = RSSegVisualizationHook()
    hook.after_test_iter(None, 0, None, [sample])
    hook.after_val_iter(SimpleNamespace(iter=0), 0, None, [sample])
    assert not list(tmp_path.rglob('*.png'))
