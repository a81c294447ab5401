import sys

import feature_map as tool
import pytest
import rasterio
from rasterio.transform import from_origin

from glcnet_plugin.errors import ConfigError

pytestmark = pytest.mark.slow  # builds a network
CONFIG = 'configs/downstream/linear_r18w16_1xb8-300i_few-labels.py'


@pytest.fixture
def run(monkeypatch, tmp_path, request):
    import numpy as np
    import torch
    from mmengine.config import Config
    from mmengine.registry import MODELS, DefaultScope

    config = request.config.rootpath / CONFIG
    with DefaultScope.overwrite_default_scope('mmseg'):
        network = MODELS.build(Config.fromfile(config).model)
    torch.save({'state_dict': network.state_dict()}, tmp_path / 'x.pth')
    image = np.random.default_rng(0).integers(0, 255, (3, 96, 128), np.uint8)
    with rasterio.open(
        tmp_path / 'a.tif', 'w', driver='GTiff', height=96, width=128, count=3, dtype='uint8',
        crs='EPSG:32643', transform=from_origin(500_000, 2_000_000, 1, 1),
    ) as raster:  # fmt: skip
        raster.write(image)

    def run(*args):
        command = ['feature_map.py', tmp_path / 'a.tif', tmp_path / 'x.pth', '--config', config]
        command += ['--out', tmp_path / 'maps', '--window', 64, '--device', 'cpu', *args]
        monkeypatch.setattr(sys, 'argv', [str(part) for part in command])
        run.status = tool.main()
        return sorted(path.name for path in (tmp_path / 'maps').iterdir())

    return run


def test_all_maps_and_their_picture(run, capsys):
    names = run('--pca', '--clusters', 3, '--like', '500010.5,1999990.5')
    expected = ['a_3_clusters.qml', 'a_3_clusters.tif', 'a_features.png', 'a_like.tif', 'a_pca.tif']
    assert names == expected
    assert 'a_features.png' in capsys.readouterr().out and run.status == 0


def test_nothing_to_draw(run):
    with pytest.raises(ConfigError, match='nothing to draw: add --pca'):
        run()


def test_windows_that_could_not_be_read_are_said(run, capsys, monkeypatch):
    write = tool.FeatureScene.write

    def damaged(self, drawn, out):
        self.unreadable.append('a.tif is damaged there')
        return write(self, drawn, out)

    monkeypatch.setattr(tool.FeatureScene, 'write', damaged)
    run('--clusters', 3)
    assert run.status == 1
    assert '1 windows could not be read or predicted and are nodata' in capsys.readouterr().out
