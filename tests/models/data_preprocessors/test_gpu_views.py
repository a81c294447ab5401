import copy
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.dataset import DefaultSampler, default_collate
from mmengine.logging import MessageHub
from mmengine.registry import MODELS, TRANSFORMS
from torch.utils.data import DataLoader

from glcnet_plugin.datasets.drawn_views import BandCopy, Blur, HSVShift
from glcnet_plugin.engine.deterministic_loader import DeterministicDataLoader
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.models.data_preprocessors.gpu_views import (
    blur,
    copy_band,
    make_views,
    raw_views,
    shift_hsv,
    warp,
)
from glcnet_plugin.models.data_preprocessors.multiband import RSSelfSupDataPreprocessor

kornia = pytest.importorskip('kornia')
CONFIGS = Path(__file__).resolve().parents[3] / 'configs'
ON_DEVICE = {'train_dataloader.dataset.pipeline.2.type': 'glcnet_plugin.TwoViewsOnDevice'}


@pytest.fixture(autouse=True)
def _scope(mmpretrain_scope):
    """Transforms and methods are built as in a pretraining config."""


def pipeline(name='_base_/datasets/unlabeled_demo_64.py', on_device=True, first=1):
    """Steps of a shipped config after loading, by default with the views left to the device."""
    cfg = Config.fromfile(CONFIGS / name)
    if on_device:
        cfg.merge_from_dict(ON_DEVICE)
    return Compose(copy.deepcopy(cfg.train_dataloader.dataset.pipeline[first:]))


def smooth(bands=3, dtype=np.uint8, size=(100, 90)):
    """A picture without edges, as rounding and interpolation move them."""
    small = np.random.default_rng(0).integers(0, 256, (9, 8, bands)).astype(np.float32)
    values = np.dstack(
        [cv2.resize(small[..., i], size[::-1], interpolation=cv2.INTER_CUBIC) for i in range(bands)]
    )
    return np.clip(values, 0, 255).astype(dtype)


def preprocessor(bands):
    return RSSelfSupDataPreprocessor(mean=[0.0] * bands, std=[1.0] * bands)


def ramp(height=100, width=90, dtype=np.float32):
    y, x = np.mgrid[:height, :width] + 0.5
    return np.stack([x, y], -1).astype(dtype)


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_views_show_what_their_matrix_says(dtype):
    transform = pipeline()
    batch = default_collate([transform({'img': ramp(dtype=dtype)}) for _ in range(40)])
    made = preprocessor(2)(batch, True)
    # integers round the ramp down by half a pixel before anything moves, and once more after
    offset, tolerance = (0.5, 0.51) if dtype == np.uint8 else (0.0, 1e-3)
    y, x = np.mgrid[2:62, 2:62] + 0.5  # resizing repeats the border, and the blur mirrors it
    points = torch.from_numpy(np.stack([x, y, np.ones_like(x)], -1))
    for index, views in enumerate(made['inputs']):
        for view, sample in zip(views, made['data_samples'], strict=True):
            if set(sample.drawn_views.changes[index]) - {6}:  # all but the blur
                continue
            to_source = torch.linalg.inv(sample.view_matrix[index].double())
            source = (points @ to_source.T)[..., :2].movedim(-1, 0)
            inner = (view.double()[:, 2:-2, 2:-2] + offset - source)[:, 2:-2, 2:-2]
            assert inner.abs().max() <= tolerance


def test_warp_is_exact_for_turns_and_flips_of_uneven_tiles():
    tile = torch.rand(1, 3, 5, 7)
    turned = np.array([[[0.0, -1, 7], [1, 0, 0], [0, 0, 1]]])  # view (x, y) shows tile (7 - y, x)
    torch.testing.assert_close(warp(tile, turned, (7, 5)), tile.rot90(1, (2, 3)))
    mirrored = np.array([[[-1.0, 0, 7], [0, 1, 0], [0, 0, 1]]])
    torch.testing.assert_close(warp(tile, mirrored, (5, 7)), tile.flip(3))


def test_warp_does_not_filter_as_opencv_does_not():
    tile = np.random.rand(40, 40, 3).astype(np.float32)
    shrunk = np.diag([4.0, 4.0, 1.0])[None]
    view = warp(torch.from_numpy(tile).movedim(-1, 0)[None], shrunk, (10, 10))
    expected = cv2.resize(tile, (10, 10), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(view[0].movedim(0, -1).numpy(), expected, atol=1e-5)


@pytest.mark.parametrize(
    ('bands', 'dtype', 'tolerance'), [(3, np.uint8, 4), (4, np.uint8, 4), (4, np.float32, 0.05)]
)
def test_the_same_random_numbers_give_the_views_of_the_loader(bands, dtype, tolerance):
    """The loader rounds integers after each step; the border of a crop differs by design."""
    sample = dict(
        img=smooth(bands, dtype),
        colour_bands=[2, 1, 0],
        value_range=np.array([[0.0] * bands, [255.0] * bands]),
    )
    on_device, on_host = pipeline(), pipeline(on_device=False)
    for seed in range(25):
        np.random.seed(seed)
        packed = on_host(dict(sample))
        np.random.seed(seed)
        made = preprocessor(bands)(default_collate([on_device(dict(sample))]), True)
        assert torch.equal(made['data_samples'][0].view_matrix, packed['data_samples'].view_matrix)
        for view, expected in zip(made['inputs'], packed['inputs'], strict=True):
            difference = (view[0] - expected)[:, 4:-4, 4:-4].abs()
            assert difference.max() <= tolerance and difference.mean() <= tolerance / 4


def test_colours_are_distributed_as_those_of_the_loader():
    image, views = smooth(), {True: [], False: []}
    for on_device, list_of_views in views.items():
        transform = pipeline(on_device=on_device)
        for _ in range(300):
            list_of_views.append(transform({'img': image}))
    second = preprocessor(3)(default_collate(views[True]), True)['inputs'][1]
    expected = torch.stack([packed['inputs'][1] for packed in views[False]]).float()
    means, expected_means = second.mean((2, 3)), expected.mean((2, 3))  # (300, 3)
    error = expected_means.std(0) / 300**0.5
    assert ((means.mean(0) - expected_means.mean(0)).abs() < 5 * error).all()
    torch.testing.assert_close(means.std(0), expected_means.std(0), rtol=0.2, atol=0)
    grey = [(v.std(1).amax((1, 2)) < 1e-3).float().mean().item() for v in (second, expected)]
    assert grey == pytest.approx([0.1, 0.1], abs=0.06)


def test_hue_is_an_angle_and_other_bands_stay():
    red = torch.zeros(1, 4, 2, 2)
    red[:, 2], red[:, 3] = 255, 77
    low, width = np.zeros(3, np.float32), np.full(3, 255, np.float32)
    for shift, colour in ((120, [0, 255, 0, 77]), (-240, [0, 255, 0, 77]), (360, [0, 0, 255, 77])):
        drawn = HSVShift(np.array([shift, 0, 0], np.float32), [2, 1, 0], low, width, True)
        assert shift_hsv(red.clone(), [drawn], kornia)[0, :, 0, 0].tolist() == pytest.approx(colour)


def test_colours_outside_the_range_keep_their_distance_to_it():
    bright = torch.full((1, 3, 2, 2), 3.0)
    bounds = np.zeros(3, np.float32), np.ones(3, np.float32)
    drawn = HSVShift(np.array([0, 0, 0.5], np.float32), [0, 1, 2], *bounds, False)
    torch.testing.assert_close(shift_hsv(bright.clone(), [drawn], kornia), bright + 0.5)
    drawn = drawn._replace(limited=True)
    torch.testing.assert_close(shift_hsv(bright.clone(), [drawn], kornia), bright)


def test_copied_band_takes_the_range_of_each_band():
    views = torch.rand(2, 3, 2, 2)
    low, width = np.array([0, -10, 5], np.float32), np.array([1, 20, 0], np.float32)
    drawn = [BandCopy(0, low, width), BandCopy(2, low, width)]
    copied = copy_band(views, drawn, kornia)
    torch.testing.assert_close(copied[0, 1], views[0, 0] * 20 - 10)
    torch.testing.assert_close(copied[1, 2], torch.full((2, 2), 5.0))


def test_each_view_is_blurred_with_its_kernel():
    views = torch.rand(2, 130, 12, 14)
    kernels = [cv2.getGaussianKernel(size, 0, cv2.CV_32F)[:, 0] for size in (3, 7)]
    blurred = blur(views, [Blur(kernel) for kernel in kernels], kornia)
    for index, size in enumerate((3, 7)):
        expected = cv2.GaussianBlur(views[index, 100].numpy(), (size, size), 0)
        np.testing.assert_allclose(blurred[index, 100].numpy(), expected, atol=1e-5)


def test_mixed_precision_changes_nothing():
    transform = pipeline()
    batch = default_collate([transform({'img': 1e4 + smooth(4, np.float32)}) for _ in range(16)])
    drawn = [sample.drawn_views for sample in batch['data_samples']]
    views = make_views(batch['inputs'], drawn)
    with torch.autocast('cpu', torch.bfloat16):
        assert all(map(torch.equal, make_views(batch['inputs'], drawn), views))


def test_batch_and_samples_have_the_form_of_the_loader_s():
    transform, model = pipeline(), RSSelfSupDataPreprocessor(mean=[100.0] * 3, std=[50.0] * 3)
    batch = default_collate([transform({'img': smooth()}) for _ in range(3)])
    assert batch['inputs'].shape == (3, 3, 80, 80)
    made = model(batch, True)
    assert [view.shape for view in made['inputs']] == [(3, 3, 64, 64)] * 2
    assert made['data_samples'][2].view_matrix.shape == (2, 3, 3)
    raw = raw_views(batch, 2)  # what hooks show
    assert [view.dtype for view in raw] == [torch.uint8] * 2
    torch.testing.assert_close(made['inputs'][1][:2], (raw[1].float() - 100) / 50)
    assert batch['inputs'].shape == (3, 3, 80, 80)


def test_raw_views_of_the_loader_are_taken_as_they_are():
    views = [torch.rand(3, 1, 4, 4) for _ in range(2)]
    batch = {'inputs': views, 'data_samples': None}
    assert all(map(torch.equal, raw_views(batch), views))
    assert [len(view) for view in raw_views(batch, 1)] == [1, 1]
    assert torch.equal(raw_views({**batch, 'inputs': views[0]})[0], views[0])


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs CUDA')
@pytest.mark.parametrize(('dtype', 'tolerance'), [(np.uint8, 1), (np.float32, 0.01)])
def test_a_gpu_makes_the_same_views(dtype, tolerance):
    transform = pipeline()
    sample = {'img': smooth(4, dtype), 'value_range': (0, 255), 'colour_bands': [0, 1, 2]}
    batch = default_collate([transform(dict(sample)) for _ in range(32)])
    on_gpu = raw_views({**batch, 'inputs': batch['inputs'].cuda()})
    for view, expected in zip(on_gpu, raw_views(batch), strict=True):
        assert view.is_cuda
        assert (view.cpu().float() - expected.float()).abs().max() <= tolerance


def test_bands_of_tiles_must_match_the_means():
    batch = default_collate([pipeline()({'img': smooth()})])
    with pytest.raises(DataError, match=r'3 bands.*4 means'):
        preprocessor(4)(batch, True)


def test_kornia_that_is_missing_is_named(monkeypatch):
    batch = default_collate([pipeline()({'img': smooth()})])
    monkeypatch.setitem(sys.modules, 'kornia', None)
    with pytest.raises(ConfigError, match=r"pip install 'glcnet-plugin\[gpu-views\]'"):
        preprocessor(3)(batch, True)


class Tiles:
    """Twelve tiles that the pipeline of the demo prepares."""

    def __init__(self):
        self.transform = pipeline()
        self.tiles = [np.roll(smooth(), 5 * i, 0) for i in range(12)]

    def __len__(self):
        return len(self.tiles)

    def __getitem__(self, index):
        return self.transform({'img': self.tiles[index]})


def epoch(workers=0, finished=0, seed=0):
    """Views of the batches of an epoch of four, without the finished ones."""
    data = Tiles()
    plain = DataLoader(data, 3, sampler=DefaultSampler(data, seed=0), num_workers=workers,
                       collate_fn=default_collate)  # fmt: skip
    loader = DeterministicDataLoader(plain, seed)
    loader.start_epoch(0, finished)
    return [torch.cat(preprocessor(3)(batch, True)['inputs']) for batch in loader]


@pytest.mark.slow
def test_a_resumed_run_and_any_number_of_workers_give_the_same_views():
    whole = epoch()
    assert len(whole) == 4 and not torch.equal(whole[0], whole[1])
    assert all(map(torch.equal, epoch(workers=1), whole))
    assert all(map(torch.equal, epoch(finished=2), whole[2:]))
    assert not torch.equal(epoch(finished=3, seed=1)[0], whole[3])


METHODS = [
    'glcnet/glcnet_r18w16-d3plus_1xb32-60e_demo',
    'baselines/simclr/simclr_r18w16_1xb32-60e_demo',
    'baselines/densecl/densecl_r18w16_1xb32-60e_demo',
    'baselines/barlowtwins/barlowtwins_r18w16_1xb32-60e_demo',
]


@pytest.mark.slow
@pytest.mark.parametrize('name', METHODS)
def test_methods_train_on_the_views(name):
    cfg = Config.fromfile(CONFIGS / f'{name}.py')
    if 'barlowtwins' in name:  # 150 million numbers, else
        cfg.model.neck.update(hid_channels=64, out_channels=64)
        cfg.model.head.in_channels = 64
    model = MODELS.build(cfg.model)
    MessageHub.get_current_instance().update_info('max_iters', 10)  # a runner does so
    transform = pipeline(f'{name}.py')
    data = model.data_preprocessor(
        default_collate([transform({'img': smooth()}) for _ in range(4)]), True
    )
    total, _ = model.parse_losses(model(**data, mode='loss'))
    assert total.isfinite()


@pytest.mark.parametrize(
    'name', ['unlabeled_224', 'unlabeled_96', 'unlabeled_demo_64'], ids=lambda name: name
)
def test_shipped_views_can_be_left_to_the_device(name):
    cfg = Config.fromfile(CONFIGS / f'_base_/datasets/{name}.py')
    cfg.merge_from_dict(ON_DEVICE)
    built = TRANSFORMS.build(copy.deepcopy(cfg.train_dataloader.dataset.pipeline[2]))
    packed = pipeline(f'_base_/datasets/{name}.py', first=1)
    assert type(built).__name__ == 'TwoViewsOnDevice'
    assert 'drawn_views' in packed({'img': smooth(size=(260, 270))})['data_samples']
