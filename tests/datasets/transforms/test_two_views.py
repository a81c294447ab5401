import numpy as np
import pytest
import torch
from mmpretrain.datasets.transforms import PackInputs

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
