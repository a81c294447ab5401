import pytest
import torch
from mmengine.registry import MODELS

from glcnet_plugin.errors import DataError
from glcnet_plugin.models.data_preprocessors.multiband import RSSegDataPreProcessor
from glcnet_plugin.models.utils.pixel_features import PixelFeatures, normalise


@pytest.fixture
def features(tiny_glcnet, mmseg_scope):
    config = dict(
        type='EncoderDecoder',
        backbone=tiny_glcnet['backbone'],
        decode_head=tiny_glcnet['decode_head'],
    )
    return PixelFeatures(MODELS.build(config))


def test_maps_are_the_stages_and_the_encoder_map(features):
    maps = features.eval()(torch.rand(2, 3, 64, 64))
    assert [m.shape[1] for m in maps] == [8, 16, 32, 64, 16]


def test_features_at_the_centre_of_a_cell_are_that_cell(features):
    # stride 4 at the first stage: pixel indices 4k + 1.5 are the middle of cell k
    x = torch.rand(1, 3, 64, 64)
    points = torch.tensor([[[9.5, 21.5]]])  # x, y -> cell (2, 5) of stage 1
    values = features.eval().at(x, points)
    assert values.shape == (1, 1, 8 + 16 + 32 + 64 + 16)
    torch.testing.assert_close(values[0, 0, :8], features(x)[0][0, :, 5, 2])


def test_calibration_gives_the_statistics_of_the_images(features):
    images = torch.rand(8, 3, 64, 64)
    weights = [p.clone() for p in features.parameters()]
    features.calibrate(images.split(4))
    conv = features.model.backbone.conv1(images)
    torch.testing.assert_close(
        features.model.backbone.norm1.running_mean, conv.mean((0, 2, 3)), atol=1e-5, rtol=1e-4
    )
    assert not features.training
    assert all(torch.equal(a, b) for a, b in zip(weights, features.parameters(), strict=True))


def test_images_are_normalised_as_in_training(tiny_glcnet, mmpretrain_scope):
    model = MODELS.build(tiny_glcnet)
    images = torch.full((2, 3, 4, 4), 207, dtype=torch.uint8)
    assert torch.allclose(normalise(model, images), torch.tensor((207 - 127.5) / 80.0))
    segmentor = torch.nn.Module()
    segmentor.data_preprocessor = RSSegDataPreProcessor([127.5] * 3, [80.0] * 3, size_divisor=32)
    assert torch.equal(normalise(segmentor, images), normalise(model, images))
    with pytest.raises(DataError, match='have 4 bands, but the data preprocessor has 3 means'):
        normalise(model, torch.zeros(1, 4, 4, 4))
