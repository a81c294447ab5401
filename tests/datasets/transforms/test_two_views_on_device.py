import copy
import pickle

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.datasets.transforms import PackInputs

from glcnet_plugin.datasets.drawn_views import BandCopy, Blur, DrawnViews, HSVShift
from glcnet_plugin.datasets.transforms.photometric import RandomGaussianBlur
from glcnet_plugin.datasets.transforms.two_views import TwoViews
from glcnet_plugin.datasets.transforms.two_views_on_device import TwoViewsOnDevice
from glcnet_plugin.errors import ConfigError

SHIPPED = Config.fromfile('configs/_base_/datasets/unlabeled_224.py')
CROP = dict(SHIPPED.crop, scale=32)
SECOND = [CROP, *SHIPPED.view2[1:]]
VIEWS = [[CROP], SECOND]


@pytest.fixture(autouse=True)
def _scope(mmpretrain_scope):
    """Transforms are built as in a pretraining config."""


def picture(bands=3, dtype=np.uint8, size=(40, 48)):
    return np.random.randint(0, 256, (*size, bands)).astype(dtype)


def build(kind=TwoViewsOnDevice, views=VIEWS):
    return kind(copy.deepcopy(views))


def moments(transform, number=400):
    """Mean and deviation over view matrices: log scale, log aspect ratio, place, flip, turn."""
    image, rows = picture(), []
    for _ in range(number):
        matrix = transform({'img': image})['view_matrix'].double()
        for view in matrix:
            side = view[:2, :2].norm(dim=0).log()
            place = (torch.linalg.inv(view) @ torch.tensor([16.0, 16, 1], dtype=torch.float64))[:2]
            mirrored, turned = view[:2, :2].det() < 0, view[0, 0] == 0
            rows.append([*side.tolist(), *place.tolist(), float(mirrored), float(turned)])
    values = np.array(rows).reshape(number, 2, -1)
    return values.mean(0), values.std(0)


def test_matrices_are_distributed_as_those_of_two_views():
    (mean, deviation), (other_mean, other_deviation) = moments(build()), moments(build(TwoViews))
    error = np.maximum(other_deviation, 1e-9) / 20  # sqrt(400)
    assert (np.abs(mean - other_mean) < 5 * error).all()
    assert np.abs(deviation - other_deviation).max() < 0.1 * other_deviation.max()
    assert mean[1, -1] == pytest.approx(0.8 * 2 / 3, abs=0.08)  # of 1, 2 and 3 turns
    assert mean[1, -2] == pytest.approx(0.4, abs=0.08)  # a diagonal flip is half a turn


def test_changes_come_as_often_as_those_of_two_views():
    transform, counts = build(), {HSVShift: 0, BandCopy: 0, Blur: 0}
    for _ in range(600):
        first, second = transform({'img': picture(size=(34, 34))})['drawn_views'].changes
        assert first == {}
        assert list(second) == sorted(second)
        for change in second.values():
            counts[type(change)] += 1
    shares = np.array(list(counts.values())) / 600
    np.testing.assert_allclose(shares, [0.8 * 0.5, 0.1, 0.5], atol=0.07)


def test_tile_stays_and_the_way_back_to_it_is_drawn():
    image, before = picture(), np.array([[1.0, 0, -7], [0, 1, -3], [0, 0, 1]])
    results = build()({'img': image, 'view_matrix': before})
    assert results['img'] is image
    drawn = results['drawn_views']
    assert isinstance(drawn, DrawnViews) and drawn.size == (32, 32)
    there_and_back = drawn.to_tile @ results['view_matrix'].double().numpy()
    np.testing.assert_allclose(there_and_back, np.stack([before, before]), atol=1e-4)


def test_the_seed_decides_also_in_other_processes():
    transform = build()
    drawn = []
    for one in (transform, transform, pickle.loads(pickle.dumps(transform))):
        np.random.seed(5)
        samples = [one({'img': np.zeros((40, 48, 3), np.uint8)}) for _ in range(20)]
        pack = PackInputs(algorithm_keys=('view_matrix', 'drawn_views'))
        packed = [pack(sample)['data_samples'] for sample in samples]
        drawn.append([repr(pickle.loads(pickle.dumps(s.drawn_views))) for s in packed])
    assert drawn[0] == drawn[1] == drawn[2]
    assert len(set(drawn[0])) == 20


@pytest.mark.parametrize('wrapped', [False, True])
def test_other_changes_of_colour_are_refused(wrapped):
    step = dict(type='glcnet_plugin.RandomPixelNoise')
    step = dict(type='RandomApply', transforms=[step]) if wrapped else step
    with pytest.raises(ConfigError, match=r'RandomPixelNoise .*use TwoViews in place'):
        build(views=[[CROP], [CROP, step]])


def test_a_class_of_ones_own_is_refused_also_if_it_extends_a_known_one():
    class OwnBlur(RandomGaussianBlur):
        def change(self, image, sample):
            return image // 2

    with pytest.raises(ConfigError, match=r'OwnBlur is not made on the device'):
        build(views=[[CROP], [CROP, dict(type=OwnBlur)]])


COPY = dict(type='glcnet_plugin.RandomBandCopy', prob=1.0)


@pytest.mark.parametrize(
    'step',
    [
        dict(type='Solarize', thr=128, prob=1.0),
        dict(type='RandomGrayscale', prob=1.0),
        dict(type='RandomChoice', transforms=[[COPY]]),
    ],
    ids=lambda step: step['type'],
)
def test_steps_that_would_be_lost_are_refused(step):
    """They changed the empty image by which the geometry is drawn, and no view."""
    transform = build(views=[[CROP], [CROP, step]])
    with pytest.raises(ConfigError, match=f'{step["type"]} records no view_matrix and is not made'):
        transform({'img': picture()})


@pytest.mark.parametrize('wrapped', [False, True])
def test_changes_of_colour_come_last(wrapped):
    """The device makes them last: a blur before the crop would be another one."""
    step = dict(type='RandomApply', transforms=[COPY]) if wrapped else COPY
    with pytest.raises(ConfigError, match=r'Crop comes after RandomBandCopy, and the device'):
        build(views=[[CROP], [step, CROP]])


def test_steps_without_a_record_are_refused_as_in_two_views():
    with pytest.raises(ConfigError, match='RandomFlip moves pixels'):
        build(views=[[CROP], [CROP, dict(type='RandomFlip', prob=0.5)]])
