import numpy as np
import pytest
import torch
from mmseg.models.utils import resize

from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import CheckpointMismatchError, ConfigError, DataError
from glcnet_plugin.inference.feature_model import load_features

pytestmark = pytest.mark.slow


@pytest.fixture
def model(pretrained, base):
    return load_features(pretrained[0], base, 'cpu')


def test_cells_are_all_stages_of_the_pretraining(model, pretrained):
    images = torch.randint(0, 256, (2, 3, 64, 96)).float()
    mean = torch.tensor([100.0, 110.0, 120.0]).view(3, 1, 1)
    with torch.no_grad():
        maps = pretrained[1].eval().backbone((images - mean) / 50)
    expected = torch.cat([resize(m, maps[0].shape[-2:], mode='bilinear') for m in maps], 1)
    torch.testing.assert_close(model.cells(images), expected)
    assert (model.window, model.bands, model.loading) == (80, 3, {})


def test_outputs_are_projections_at_the_size_of_the_images(model):
    images = torch.randint(0, 256, (1, 3, 64, 96)).float()
    model.project = lambda cells: cells[:, 5:7]
    found = model.probabilities(images)
    assert found.shape == (1, 2, 64, 96)
    cells = model.cells(images)[:, 5:7]
    np.testing.assert_allclose(found.mean((2, 3)), cells.mean((2, 3)), atol=0.05)


def test_tiles_are_described_by_the_mean_of_the_last_stage(model, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (2, 32, 48, 3), np.uint8)
    files = [write_image(tmp_path / f'{i}', image) for i, image in enumerate(pixels)]
    found = model.tile_means(files)
    assert found.shape == (2, 64)
    np.testing.assert_allclose(found[1], model.features(pixels[1])[-1].mean((0, 1)), rtol=1e-5)
    four = write_image(tmp_path / 'four', np.zeros((32, 32, 4), np.uint8))
    with pytest.raises(DataError, match='four.* has 4 bands, but the network takes 3'):
        model.tile_means([four])


def test_nodata_of_tiles_is_filled_as_in_the_training(model, tmp_path):
    """-1 in an 8-bit tile was 255."""
    image = np.random.default_rng(0).integers(1, 256, (32, 48, 3)).astype(np.uint8)
    image[:8] = 0
    file = write_image(tmp_path / 'x', image, nodata=0)
    model.loading['nodata_fill'] = -1
    filled = np.where(image == 0, np.float32(-1), image)
    expected = model.features(filled)[-1].mean((0, 1))
    np.testing.assert_allclose(model.tile_means([file])[0], expected, rtol=1e-5)


@pytest.mark.parametrize('name', ['gpu', 'cuda:99'])
def test_devices_that_cannot_be_used_are_refused_first(name):
    with pytest.raises(ConfigError, match=f"device '{name}' cannot be used"):
        load_features('no_such.pth', 'no_such.py', name)


def test_weights_of_another_network_are_refused(tmp_path, base):
    torch.save({'backbone.conv1.weight': torch.zeros(1)}, tmp_path / 'x.pth')
    with pytest.raises(CheckpointMismatchError):
        load_features(tmp_path / 'x.pth', base, 'cpu')
