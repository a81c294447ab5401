"""Shipped configs on data of unusual size, type and number of bands."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.registry import DATASETS, MODELS, DefaultScope

from glcnet_plugin.datasets.tiling.folder_writer import write_image, write_mask
from glcnet_plugin.engine.dead_taps import MapRecorder, dead_taps, dilated_layers

pytestmark = pytest.mark.slow

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
RUNS = [
    p for p in sorted(CONFIGS.rglob('*.py')) if not {'_base_', 'studies'} & set(p.parts)
]  # fmt: skip
PAPER = (
    'glcnet_r50-d3plus_1xb256-400e_potsdam', 'd3plus_r50_1xb16-150e_potsdam',
    'd3plus_r50_1xb16-150e_official-layout',
)  # fmt: skip
PRETRAIN = 'glcnet/glcnet_r50-d3plus_1xb64-amp-100e_rgb.py'
FINETUNE = 'downstream/d3plus_r50_1xb16-150e_rgb.py'
PERIOD = 32  # pixels
SIZES = [(200, 200), (256, 256), (512, 512), (600, 400), (1000, 1000)]


def training_side(cfg):
    """Side of the views or crops that the network is trained with."""
    if 'crop' in cfg:
        return cfg.crop.scale
    steps = cfg.train_dataloader.dataset.pipeline
    return next(step.crop_size[0] for step in steps if step.type == 'RandomCrop')


def networks():
    """Config files by the network that they train and its training size; one of each."""
    unique = {}
    for path in RUNS:
        cfg = Config.fromfile(path)
        model = {key: cfg.model.get(key) for key in ('backbone', 'decode_head', 'tile_size')}
        text = re.sub("'(in_channels|num_classes)': [0-9]+", '', f'{model} {training_side(cfg)}')
        unique.setdefault(re.sub("'out_indices': [(].*?[)]", '', text), path)
    return list(unique.values())


@pytest.mark.parametrize('path', networks(), ids=lambda p: p.stem)
def test_rates_fit_the_maps_of_the_training_size(path):
    cfg = Config.fromfile(path)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model).eval()
    if not dilated_layers(model):
        return
    recorder = MapRecorder(model)
    side = cfg.model.get('tile_size', training_side(cfg))
    bands = cfg.model.backbone.get('in_channels', 3)
    with torch.no_grad():
        maps = model.backbone(torch.zeros(1, bands, side, side))
        if getattr(model, 'decode_head', None) is not None:
            model.decode_head(maps)
    assert recorder.sizes
    dead = dead_taps(model, recorder.sizes)
    if path.stem in PAPER:
        assert len(dead) == 1 and 'aspp_modules.3' in dead[0] and 'rate 18' in dead[0]
        assert "the paper's rates" in path.read_text()
    else:
        assert dead == []


def test_both_stages_of_the_paper_have_the_same_rates():
    rates = [
        Config.fromfile(next(CONFIGS.rglob(f'{name}.py'))).model.decode_head.dilations
        for name in PAPER
    ]
    assert set(rates) == {(1, 6, 12, 18)}
    pair = [Config.fromfile(CONFIGS / path).model.decode_head for path in (PRETRAIN, FINETUNE)]
    assert pair[0].dilations == pair[1].dilations == (1, 4, 8, 12)


def stripes(folder, size, bands=3):
    """Write a grey image of vertical stripes with its mask; the image and a sample."""
    x = np.arange(size[1]) + 0.5
    row = 127 + 100 * np.sin(2 * np.pi * x / PERIOD)
    image = np.tile(row[None, :, None], (size[0], 1, bands)).round().astype(np.uint8)
    path = write_image(folder / f'x{size[0]}', image)
    mask = folder / f'm{size[0]}.png'
    write_mask(mask, (image[..., 0] > 127).astype(np.uint8), [(0, 0, 0), (255, 255, 255)])
    return image, dict(
        img_path=str(path), seg_map_path=str(mask), label_map=None, reduce_zero_label=False,
        seg_fields=[], num_classes=2,
    )  # fmt: skip


def pipeline(cfg, steps):
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        return Compose(steps)


def measured_period(image):
    """Period of stripes along the axis in which the image varies, in pixels."""
    profile = max((image.mean(axis) for axis in (0, 1)), key=np.std)
    periods = np.linspace(PERIOD / 5, PERIOD * 2, 1000)
    waves = np.exp(2j * np.pi * np.arange(len(profile)) / periods[:, None])
    return periods[np.abs(waves @ (profile - profile.mean())).argmax()]


@pytest.mark.parametrize('size', SIZES)
def test_fine_tuning_sees_objects_at_the_size_at_which_they_are_scored(tmp_path, size):
    cfg = Config.fromfile(CONFIGS / FINETUNE)
    image, sample = stripes(tmp_path, size)
    train = pipeline(cfg, cfg.train_pipeline)
    periods, labels = [], []
    for _ in range(16):
        result = train({**sample, 'seg_fields': []})
        periods.append(measured_period(result['inputs'].numpy().mean(0, dtype=float)))
        labels.append(measured_period(result['data_samples'].gt_sem_seg.data[0].numpy() * 1.0))
    assert np.mean(periods) == pytest.approx(PERIOD, rel=0.1)
    assert np.mean(labels) == pytest.approx(np.mean(periods), rel=0.03)
    assert min(periods) > 0.85 * PERIOD and max(periods) < 1.15 * PERIOD
    scored = pipeline(cfg, cfg.test_pipeline)({**sample, 'seg_fields': []})
    np.testing.assert_array_equal(scored['inputs'].numpy().transpose(1, 2, 0), image)


def test_all_r50_configs_inherit_that_pipeline():
    expected = Config.fromfile(CONFIGS / FINETUNE).train_pipeline
    paths = sorted((CONFIGS / 'downstream').glob('*r50*.py'))
    paths = [path for path in paths if 'few-labels' not in path.stem]
    assert len(paths) >= 9
    for path in [*paths, CONFIGS / 'baselines/mae/d3_vit-s16_1xb16-150e_rgb.py']:
        cfg = Config.fromfile(path)
        assert cfg.train_dataloader.dataset.pipeline == expected
        assert cfg.model.test_cfg.crop_size == (256, 256)
        assert cfg.val_dataloader.batch_size == 1  # images may differ in size


@pytest.mark.parametrize('size', SIZES[1:])
def test_views_show_objects_at_the_scale_of_their_matrices(tmp_path, size):
    cfg = Config.fromfile(CONFIGS / PRETRAIN)
    _, sample = stripes(tmp_path, size)
    views = pipeline(cfg, cfg.train_pipeline)
    scales = []
    for _ in range(8):
        result = views(dict(sample))
        matrices = result['data_samples'].view_matrix.double().numpy()
        for view, matrix in zip(result['inputs'], matrices, strict=True):
            shown = view.numpy().mean(0, dtype=float)
            centres = np.stack(np.meshgrid(np.arange(224), np.arange(224)), -1) + 0.5
            source = np.c_[centres.reshape(-1, 2), np.ones(224**2)] @ np.linalg.inv(matrix).T
            expected = np.sin(2 * np.pi * source[:, 0].reshape(224, 224) / PERIOD)
            assert np.corrcoef(shown.ravel(), expected.ravel())[0, 1] > 0.97
            scales.append(np.sqrt(abs(np.linalg.det(matrix[:2, :2]))))
    # crops of 0.4 to 1 of 256 px squared, shown at 224 px, whatever the size of the tile
    assert min(scales) > 0.85 and max(scales) < 1.4
    assert np.mean(scales) == pytest.approx(1.07, abs=0.1)


@pytest.mark.parametrize('dtype', [np.uint8, np.float32])
def test_two_hundred_bands_through_both_pipelines(tmp_path, dtype):
    image = np.random.default_rng(0).integers(0, 200, (270, 260, 200)).astype(dtype)
    _, sample = stripes(tmp_path, (270, 260))
    np.save(tmp_path / 'x.npy', image)
    sample['img_path'] = str(tmp_path / 'x.npy')
    pretrain, finetune = (Config.fromfile(CONFIGS / path) for path in (PRETRAIN, FINETUNE))
    views = pipeline(pretrain, pretrain.train_pipeline)
    train = pipeline(finetune, finetune.train_pipeline)
    for _ in range(4):
        assert [view.shape for view in views(dict(sample))['inputs']] == [(200, 224, 224)] * 2
        inputs = train({**sample, 'seg_fields': []})['inputs']
        assert inputs.shape[0] == 200 and min(inputs.shape[1:]) >= 230


@pytest.mark.parametrize('named', [False, True], ids=['of no colour', 'named as colours'])
def test_radar_in_decibels_keeps_its_contrast(tmp_path, named):
    """200 images; formerly, 110 of them became constant."""
    rng = np.random.default_rng(0)
    for index in range(200):
        fields = np.kron(rng.uniform(-22, -3, (4, 4, 3)), np.ones((16, 16, 1)))
        values = np.clip(fields + rng.normal(0, 1, (64, 64, 3)), -25, 0)
        np.save(tmp_path / f'x{index:03d}.npy', values.astype(np.float32))
    cfg = Config.fromfile(CONFIGS / FINETUNE)
    load, _, *steps = cfg.train_pipeline
    shift = next(step for step in steps if step.type.endswith('RandomHSVShift'))
    shift.prob = 1.0
    if named:
        load.band_names = ['R', 'G', 'B']
    kind = dict(type='glcnet_plugin.UnlabeledRSDataset', data_root=str(tmp_path))
    with DefaultScope.overwrite_default_scope('mmseg'):
        data = DATASETS.build(dict(kind, pipeline=[load, shift]))
        plain = DATASETS.build(dict(kind, pipeline=[load]))
    np.testing.assert_allclose(data.value_range, [[-22] * 3, [-3] * 3], atol=1.5)
    contrast = [
        data[i]['img'].std((0, 1)).mean() / plain[i]['img'].std((0, 1)).mean() for i in range(200)
    ]
    assert min(contrast) > 0.8 and np.mean(contrast) > 0.95


@pytest.mark.parametrize('size', SIZES)
def test_larger_images_are_scored_in_windows_of_the_training_size(size):
    cfg = Config.fromfile(CONFIGS / FINETUNE)
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(cfg.model)
    windows = []

    def pointwise(x, _):
        windows.extend([tuple(x.shape[-2:])] * len(x))
        return x.repeat(1, 2, 1, 1)  # as many as classes

    model.encode_decode = pointwise
    x = torch.rand(1, 3, *size)
    with torch.no_grad():
        logits = model.inference(x, [dict(img_shape=size, ori_shape=size)])
    torch.testing.assert_close(logits, x.repeat(1, 2, 1, 1))  # each pixel once, in its place
    assert set(windows) == {(min(256, size[0]), min(256, size[1]))}
    per_side = [max(0, -(-(side - 256) // 170)) + 1 for side in size]
    assert len(windows) == per_side[0] * per_side[1]
