import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpretrain.datasets.transforms import PackInputs

from glcnet_plugin.datasets.transforms.tracked import (
    RandomRotate90,
    TrackedRandomFlip,
    TrackedRandomResizedCrop,
)
from glcnet_plugin.datasets.transforms.two_views import TwoViews
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.geometry import view_overlap
from glcnet_plugin.models.utils import sample_regions


@pytest.fixture(autouse=True)
def _scope(mmpretrain_scope):
    """Transforms are built as in a pretraining config."""


def crop(low=0.4, high=1.0, size=64):
    return dict(
        type='glcnet_plugin.TrackedRandomResizedCrop', scale=size, crop_ratio_range=(low, high)
    )


SECOND = [
    crop(),
    dict(type='glcnet_plugin.TrackedRandomFlip', prob=0.5),
    dict(type='glcnet_plugin.RandomRotate90'),
    dict(type='glcnet_plugin.RandomBandCopy', prob=0.5),
]


def ramp(dtype=np.float32, size=(90, 110)):
    y, x = np.mgrid[: size[0], : size[1]] + 0.5
    return np.stack([x, y], -1).astype(dtype)


def mean_of_box(view, box):
    """Mean of a view over a box with fractional ends, by fine sampling."""
    x0, y0, x1, y1 = box.tolist()
    x = np.floor(np.linspace(x0, x1, 400, endpoint=False)).astype(int).clip(0, view.shape[1] - 1)
    y = np.floor(np.linspace(y0, y1, 400, endpoint=False)).astype(int).clip(0, view.shape[0] - 1)
    return view[np.ix_(y, x)].mean((0, 1))


def test_regions_show_the_same_ground_in_the_pictures():
    transform = TwoViews([[crop()], SECOND[:3]])
    for _ in range(20):
        results = transform({'img': ramp()})
        boxes, valid = sample_regions(results['view_matrix'][None], 64, 4, 14)
        for k in range(4):
            shown = [mean_of_box(results['img'][v], boxes[0, v, k]) for v in range(2)]
            assert valid[0, k] and np.abs(shown[0] - shown[1]).max() < 0.5


def test_output_format():
    results = TwoViews([[crop()], SECOND])({'img': ramp(np.uint8)})
    assert [view.shape for view in results['img']] == [(64, 64, 2)] * 2
    assert results['view_matrix'].shape == (2, 3, 3)
    assert results['view_matrix'].dtype == torch.float32


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
def test_packed_views_can_be_batched(dtype):
    transform = TwoViews([[crop()], SECOND])
    pack = PackInputs(algorithm_keys=('view_matrix',))
    packed = [pack(transform({'img': ramp(dtype)})) for _ in range(2)]
    views = torch.stack([sample['inputs'][0] for sample in packed])
    assert views.shape == (2, 2, 64, 64) and views.float().isfinite().all()
    sample = packed[0]['data_samples'].to('meta')
    assert sample.view_matrix.is_meta  # geometry moves with the batch


def test_steps_before_the_views_count():
    before = np.array([[1.0, 0, -7], [0, 1, -3], [0, 0, 1]])
    transform = TwoViews([[crop()], [crop()]])
    np.random.seed(3)
    with_offset = transform({'img': ramp(), 'view_matrix': before})['view_matrix']
    np.random.seed(3)
    without = transform({'img': ramp()})['view_matrix']
    expected = without.double() @ torch.from_numpy(before)
    torch.testing.assert_close(with_offset.double(), expected, atol=1e-4, rtol=1e-5)


def test_views_overlap_even_when_crops_are_small():
    transform = TwoViews([[crop(0.1, 0.2)], [crop(0.1, 0.2)]], max_attempts=50)
    overlaps = [
        view_overlap(transform({'img': ramp()})['view_matrix'], 64).item() for _ in range(100)
    ]
    assert min(overlaps) > 0


def test_a_pair_is_drawn_again_exactly_where_no_ground_is_shared(monkeypatch):
    steps = [TrackedRandomResizedCrop((8, 6), (0.05, 0.3)), TrackedRandomFlip(0.5)]
    steps.append(RandomRotate90(0.8))

    def drawn():
        """The matrix of a view of 8 x 6 or 6 x 8 pixels, and the view."""
        view = {'img': ramp(size=(30, 40))}
        for step in steps:
            view = step(view)
        return view

    shared = 0
    for _ in range(300):
        first = drawn()
        second = drawn()
        while second['img'].shape != first['img'].shape:
            second = drawn()
        matrices = torch.from_numpy(np.stack([first['view_matrix'], second['view_matrix']]))
        expected = view_overlap(matrices, first['img'].shape[:2]).item() > 1e-9
        transform, calls = TwoViews([[], []], max_attempts=2), []
        monkeypatch.setattr(
            transform, '_view', lambda i, _, pair=(first, second), c=calls: c.append(i) or pair[i]
        )
        transform({})
        assert calls == ([0, 1] if expected else [0, 1, 1])
        shared += expected
    assert 50 < shared < 250


def test_the_shipped_views_are_distributed_as_they_say():
    """Shares to five standard errors, on a tile of one colour, which neither crop nor blur sees."""
    config = Config.fromfile('configs/_base_/datasets/unlabeled_224.py')
    view1, view2 = [dict(config.crop, scale=16)], [dict(config.crop, scale=16), *config.view2[1:]]
    transform, draws = TwoViews([view1, view2]), 1000
    image = np.full((24, 24, 3), (120, 90, 60), np.uint8)
    pairs = [transform({'img': image}) for _ in range(draws)]
    matrices = torch.stack([pair['view_matrix'] for pair in pairs]).numpy()
    views = np.stack([pair['img'] for pair in pairs]).astype(int)

    def check(share, seen):
        assert np.mean(seen) == pytest.approx(share, abs=5 * np.sqrt(share * (1 - share) / draws))

    assert (views[:, 0] == image[0, 0]).all() and (views == views[:, :, :1, :1]).all()
    assert (matrices[:, 0, [0, 1], [1, 0]] == 0).all() and (matrices[:, 0, 0, 0] > 0).all()
    second, colours = matrices[:, 1], views[:, 1, 0, 0]
    check(0.4, np.linalg.det(second) < 0)  # flipped in one direction
    check(0.8 * 2 / 3, second[:, 0, 0] == 0)  # turned by 90 or 270 degrees
    # upright: neither flipped in both directions nor turned, or both
    check(0.2 * 0.2 + 0.2 * 0.8 / 3 + 0.4 * 0.2, (second[:, 0, 0] > 0) & (second[:, 1, 1] > 0))
    area = 24 * 24 * np.abs(np.linalg.det(matrices[..., :2, :2])) / 16**2
    assert (1 / area).min() > 0.35 and (1 / area).mean() == pytest.approx(0.68, abs=0.03)
    grey = np.ptp(colours, 1) == 0
    check(0.1, grey)
    shifted = (colours != image[0, 0]).any(1)
    check(0.4, shifted[~grey])  # HSV: 0.8 * 0.5
    value = colours.max(1)[shifted & ~grey] - 120  # uniform in -15..15
    assert np.abs(value).max() <= 15 and value.mean() == pytest.approx(0, abs=2)
    assert value.std() == pytest.approx(15 / np.sqrt(3), abs=0.8)


def test_pairs_follow_the_seed():
    transform, pairs = TwoViews([[crop()], SECOND]), []
    for seed in (1, 1, 2):
        np.random.seed(seed)
        pairs.append(transform({'img': ramp()}))
    assert all((a == b).all() for a, b in zip(pairs[0]['img'], pairs[1]['img'], strict=True))
    assert (pairs[0]['view_matrix'] == pairs[1]['view_matrix']).all()
    assert (pairs[0]['view_matrix'] != pairs[2]['view_matrix']).any()


def test_source_image_is_left_alone():
    image = ramp()
    before = image.copy()
    TwoViews([[crop()], SECOND])({'img': image})
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize('views', [[], [[crop()]], [[crop()]] * 3])
def test_there_are_two_views(views):
    with pytest.raises(ConfigError, match=f'got {len(views)}'):
        TwoViews(views)


@pytest.mark.parametrize('wrapped', [False, True])
def test_untracked_geometry_is_refused(wrapped):
    step = dict(type='RandomFlip', prob=0.5)
    if wrapped:
        step = dict(type='RandomApply', transforms=[step])
    with pytest.raises(ConfigError, match='RandomFlip moves pixels without recording'):
        TwoViews([[crop()], [crop(), step]])


def test_attempts_must_be_positive():
    with pytest.raises(ConfigError, match='got 0'):
        TwoViews([[crop()], [crop()]], max_attempts=0)


def test_views_must_be_of_one_size():
    with pytest.raises(DataError, match=r'\(64, 64, 2\) and \(32, 32, 2\)'):
        TwoViews([[crop()], [crop(size=32)]])({'img': ramp()})
