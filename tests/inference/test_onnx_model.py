import builtins

import numpy as np
import pytest
import torch

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.inference.loading import load_model
from glcnet_plugin.inference.onnx_model import export_onnx, load_onnx

pytestmark = pytest.mark.slow  # builds networks


@pytest.fixture
def pair(save, tmp_path):
    """A network, and the same from its ONNX file."""
    model = load_model(save()[0], device='cpu')
    return model, load_model(export_onnx(model, tmp_path / 'out/x.onnx'))


@pytest.mark.parametrize('shape', [(1, 3, 128, 128), (3, 3, 96, 160), (2, 3, 101, 77)])
def test_it_computes_what_torch_computes(pair, shape):
    images = torch.from_numpy(np.random.default_rng(0).uniform(0, 255, shape)).float()
    theirs, ours = (model.probabilities(images).numpy() for model in pair)
    np.testing.assert_allclose(ours, theirs, atol=1e-4)


def test_the_file_says_everything(pair):
    model, onnx = pair
    for name in ('classes', 'palette', 'bands', 'band_names', 'window', 'loading', 'fingerprint'):
        assert getattr(onnx, name) == getattr(model, name), name
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    np.testing.assert_array_equal(onnx.predict(image), model.predict(image))
    with pytest.raises(ConfigError, match='an ONNX file gives no features'):
        onnx.features(image)


@pytest.mark.parametrize('turned', [False, True])
def test_bands_are_turned_as_in_torch(save, cfg, tmp_path, turned):
    cfg.model.data_preprocessor = dict(
        type='SegDataPreProcessor', mean=[1.0, 2, 3], std=[4.0, 5, 6], bgr_to_rgb=turned,
        size_divisor=32,
    )  # fmt: skip
    steps = [dict(type='LoadImageFromFile'), dict(type='PackSegInputs')]
    cfg.test_dataloader.dataset.pipeline = steps
    model = load_model(save()[0], device='cpu')
    assert model.reverses_bands
    images = torch.randint(0, 256, (1, 3, 64, 64)).float()
    onnx = load_onnx(export_onnx(model, tmp_path / 'x.onnx'))
    expected = model.probabilities(images).numpy()
    np.testing.assert_allclose(onnx.probabilities(images).numpy(), expected, atol=1e-4)


def test_files_and_packages_that_are_not_there(save, tmp_path, monkeypatch):
    model = load_model(save()[0], device='cpu')
    with pytest.raises(ConfigError, match=r'x.pth: the name must end with .onnx'):
        export_onnx(model, 'x.pth')
    with pytest.raises(DataError, match='cannot read'):
        load_onnx(tmp_path / 'gone.onnx')
    load = builtins.__import__

    def missing(name, *args):
        if name.startswith('onnx'):
            raise ImportError(name)
        return load(name, *args)

    monkeypatch.setattr(builtins, '__import__', missing)
    with pytest.raises(ConfigError, match=r"pip install 'glcnet-plugin\[onnx\]'"):
        export_onnx(model, tmp_path / 'x.onnx')
    with pytest.raises(
        ConfigError, match=r"needs onnxruntime: pip install 'glcnet-plugin\[onnx\]'"
    ):
        load_onnx(tmp_path / 'x.onnx')
