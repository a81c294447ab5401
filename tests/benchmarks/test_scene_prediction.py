import numpy as np
import pytest
import rasterio
import scene_prediction
from scene_prediction import Small, lite0, ours, seam_error, slide
from scene_windows import write_scene

pytestmark = pytest.mark.slow  # builds networks


@pytest.fixture
def scene(tmp_path):
    write_scene(tmp_path / 'scene.tif', 400)
    return str(tmp_path / 'scene.tif')


def test_a_network_that_sees_little_has_no_seams(scene):
    found = seam_error(Small().eval(), scene, 400)
    assert found['largest'] < 1e-4 and found['pixels_of_another_class'] < 1e-4
    assert seam_error(lite0()[0], scene, 400)['largest'] > 1e-4


def test_both_write_a_map_of_the_scene(scene, tmp_path, monkeypatch):
    monkeypatch.setattr(scene_prediction, 'lite0', lambda: (network, None))
    network, _ = lite0()
    slide(scene, str(tmp_path))
    ours(scene, str(tmp_path))
    with rasterio.open(tmp_path / 'slide.tif') as one, rasterio.open(
        tmp_path / 'scene_map.tif'
    ) as two:  # fmt: skip
        assert one.shape == two.shape == (400, 400)
        assert (one.read(1) == two.read(1)).mean() > 0.5
        assert np.unique(two.read(1)).max() < 6
