import numpy as np
import pytest
import torch
from cells import frozen, load_images, pixel_samples, predict, pretrain, probe
from mmengine.registry import MODELS
from networks import segmentor_config

SIZES = dict(backbone=[16, 32, 64, 128], encoder=32)


@pytest.fixture
def names(scenes):
    return sorted(path.stem for path in (scenes / 'images').iterdir())


def silent(done, total):
    """No progress."""


def test_images_are_loaded_in_the_order_of_the_names(scenes, names):
    images = load_images(scenes, names[:2])
    assert images.shape == (2, 3, 160, 160) and images.dtype == torch.float32
    assert torch.equal(load_images(scenes, names[1::-1])[1], images[0])


def test_same_seed_same_random_features(scenes, names):
    images = load_images(scenes, names[:2])
    points = torch.tensor([[[3, 5], [80, 90]]]).repeat(2, 1, 1)
    values = [frozen(scenes, None, 6, seed, images)(images, points) for seed in (0, 0, 1)]
    assert values[0].shape == (2, 2, sum(SIZES['backbone']) + SIZES['encoder'])
    assert torch.equal(values[0], values[1]) and not torch.equal(values[0], values[2])


def test_pixel_samples_are_the_pixels_of_the_mask(scenes, names):
    def coordinates(images, points):
        return points.float()

    samples = pixel_samples(scenes, names[:2], coordinates, 50, silent)
    from glcnet_plugin.datasets.masks import read_mask

    for name, (values, ids) in samples.items():
        x, y = values.astype(int).T
        assert (read_mask(scenes / 'masks' / f'{name}.png')[y, x] == ids).all()


def test_probe_uses_the_last_features_only_when_asked():
    rng = np.random.default_rng(0)

    def tile():
        ids = rng.integers(0, 2, 400)
        return np.stack([ids * 9.0, rng.standard_normal(400)], 1), ids

    samples = {name: tile() for name in 'abc'}
    assert probe(samples, ['a', 'b'], ['c'], 2)['Kappa'] > 0.9
    assert abs(probe(samples, ['a', 'b'], ['c'], 2, num_features=1)['Kappa']) < 0.4


def test_predictions_are_those_of_the_model(scenes, names, mmseg_scope):
    model = MODELS.build(segmentor_config(scenes, 4).model).eval()
    images = load_images(scenes, names[:1])
    normalise = model.data_preprocessor
    with torch.no_grad():
        small = model((images - normalise.mean) / normalise.std)
        big = torch.nn.functional.interpolate(small, (160, 160), mode='bilinear')
    np.testing.assert_array_equal(predict(model, images), big.argmax(1).numpy())


def test_finished_pretraining_is_not_repeated(tmp_path):
    (tmp_path / 'pretrained.pth').write_text('done')
    found = pretrain(tmp_path, tmp_path / 'no_list', tmp_path, 5, silent)
    assert found == tmp_path / 'pretrained.pth'
