import numpy as np
import pytest
from radar_finetuning import CLASSES, kappa, make_radar

from glcnet_plugin.datasets.io.images import read_image

pytestmark = pytest.mark.slow


def test_a_score_comes_out(tmp_path):
    make_radar(tmp_path, tiles=12)
    image = read_image(tmp_path / 'images/t000.tif')
    assert image.dtype == np.float32 and image.shape == (96, 96, 3)
    assert -25 <= image.min() < -15 and image.max() <= 0
    assert len(CLASSES) == 3
    assert -1 <= kappa(tmp_path, seed=0, steps=1) <= 1
