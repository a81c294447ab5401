import numpy as np
import pytest
import torch

from glcnet_plugin.errors import DataError
from glcnet_plugin.inference.loading import load_model

pytestmark = pytest.mark.slow  # builds networks


def test_flips_and_turns_are_averaged(save):
    model = load_model(save()[0], device='cpu')
    image = torch.randint(0, 256, (1, 3, 64, 64)).float()
    found = model.probabilities(image, augment=True)
    turned = model.probabilities(torch.rot90(image, 1, (-2, -1)), augment=True)
    np.testing.assert_allclose(torch.rot90(found, 1, (-2, -1)).numpy(), turned.numpy(), atol=1e-5)
    flipped = model.probabilities(image.flip(-2), augment=True)
    np.testing.assert_allclose(found.flip(-2).numpy(), flipped.numpy(), atol=1e-5)


def test_arrays_are_predicted_and_described(save):
    model = load_model(save()[0], device='cpu')
    image = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    batch = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    expected = model.probabilities(batch)[0].argmax(0).numpy()
    np.testing.assert_array_equal(model.predict(image), expected)
    maps = model.features(image)
    assert [one.shape[2] for one in maps] == [16, 32, 64, 128]
    normalised = model.network.data_preprocessor.mean  # of the checkpoint's config
    first = model.network.backbone((batch - normalised) / model.network.data_preprocessor.std)[0]
    np.testing.assert_allclose(maps[0], first[0].permute(1, 2, 0).detach().numpy(), atol=1e-4)


def test_an_array_for_which_the_network_gives_no_number_has_no_classes(save):
    model = load_model(save()[0], device='cpu')
    image = np.zeros((64, 64, 3), np.float32)
    image[3, 4, 0] = np.nan
    with pytest.raises(DataError, match='gives NaN or infinity for .* px: replace what is no data'):
        model.predict(image)
