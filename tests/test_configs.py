"""Every shipped config is parsed, built, and run on tiny inputs; studies in study/test_settings."""

import re
import statistics
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import (
    DATASETS,
    HOOKS,
    METRICS,
    MODELS,
    OPTIM_WRAPPERS,
    PARAM_SCHEDULERS,
    TRANSFORMS,
    DefaultScope,
)
from mmengine.runner import Runner

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
LEAVES = sorted(
    p for p in (ROOT / 'configs').glob('*/*.py') if p.parent.name not in ('_base_', 'studies')
)
PRETRAIN = [p for p in LEAVES if p.parent.name in ('glcnet', 'variants')]
DOWNSTREAM = [p for p in LEAVES if p.parent.name == 'downstream']
ALL = sorted(p for p in (ROOT / 'configs').rglob('*.py') if '_base_' not in p.parts)
RUNS = [p for p in ALL if p.parent.name != 'studies']
NAME = r'[a-z0-9]+_[a-z0-9-]+_1xb([0-9]+)(-amp)?-([0-9]+)([ei])_[a-z0-9-]+'

all_leaves = pytest.mark.parametrize('path', LEAVES, ids=lambda p: p.stem)
pretrain_leaves = pytest.mark.parametrize('path', PRETRAIN, ids=lambda p: p.stem)
downstream_leaves = pytest.mark.parametrize('path', DOWNSTREAM, ids=lambda p: p.stem)


def build_model(cfg):
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        return MODELS.build(cfg.model)


@pytest.mark.parametrize('path', RUNS, ids=lambda p: p.stem)
def test_name_and_length(path):
    """{algorithm}_{backbone-head}_{batch-schedule}_{data}, and the config does what that says."""
    batch, amp, length, unit = re.fullmatch(NAME, path.stem).groups()
    cfg = Config.fromfile(path)
    assert cfg.train_dataloader.batch_size == int(batch)
    assert (cfg.optim_wrapper.type == 'AmpOptimWrapper') == bool(amp)
    assert cfg.train_cfg[{'e': 'max_epochs', 'i': 'max_iters'}[unit]] == int(length)
    limit = 45
    assert len(path.read_text().splitlines()) <= limit


def test_names_are_short():
    assert statistics.median(len(path.stem) for path in RUNS) <= 33
    assert max(len(path.stem) for path in RUNS) <= 50


def depth(path):
    """Files from a config down to the last one that it inherits from."""
    bases = re.search(r'^_base_ = (\[.*?\]|\'.*?\')', path.read_text(), re.DOTALL | re.MULTILINE)
    inherited = re.findall("'(.+?)'", bases[1]) if bases else []
    return 1 + max((depth(path.parent / base) for base in inherited), default=0)


STUDIES = sorted((ROOT / 'benchmarks/studies').glob('*.py'))


@pytest.mark.parametrize('path', [*ALL, *STUDIES], ids=lambda p: p.stem)
def test_depth_of_inheritance(path):
    assert depth(path) <= 3


@pytest.mark.parametrize('path', RUNS, ids=lambda p: p.stem)
def test_schedules_end_with_the_run(path):
    """A leaf gives the length alone: but warm-ups, no scheduler has one that is left behind."""
    assert 'param_scheduler' not in path.read_text()
    schedulers = [s for s in Config.fromfile(path).param_scheduler if s.type != 'LinearLR']
    assert schedulers and not [s for s in schedulers if s.keys() & {'T_max', 'end'}]


@pytest.mark.parametrize('epochs', [1, 3])
def test_cosine_ends_with_a_run_of_another_length(epochs, tmp_path):
    cfg = Config.fromfile(next(p for p in PRETRAIN if p.stem.endswith('60e_demo')))
    cfg.merge_from_dict({'train_cfg.max_epochs': epochs})  # as --cfg-options does
    model = torch.nn.Linear(1, 1)
    steps = 4
    loader = dict(
        dataset=list(range(steps)), sampler=dict(type='DefaultSampler', shuffle=False), batch_size=1
    )
    runner = Runner(
        model, tmp_path, train_dataloader=loader, train_cfg=cfg.train_cfg,
        optim_wrapper=cfg.optim_wrapper, param_scheduler=cfg.param_scheduler,
        default_scope='mmengine', experiment_name=f'cosine{epochs}',
    )  # fmt: skip
    runner._train_loop = runner.build_train_loop(cfg.train_cfg)
    runner.optim_wrapper = runner.build_optim_wrapper(runner.optim_wrapper)
    (scheduler,) = runner.build_param_scheduler(runner.param_schedulers)
    assert scheduler.T_max == scheduler.end == epochs * steps


def hooks_of(cfg):
    """Classes of the hooks in the order in which they are called."""
    runner = Runner.__new__(Runner)
    runner._hooks = []
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        runner.register_hooks(cfg.default_hooks, cfg.get('custom_hooks'))
    return [type(hook).__name__ for hook in runner.hooks]


@pytest.mark.parametrize(
    ('stage', 'expected'),
    [
        (
            PRETRAIN,
            'RuntimeInfoHook LoadPretrainedHook DeterministicResumeHook NaNGuardHook '
            'IterTimerHook DistSamplerSeedHook KeepMemoryHook PreflightHook ProvenanceHook '
            'EmbeddingMetricsHook DeadTapsHook ResumeCheckHook PretrainVisualizationHook '
            'LoggerHook CollapseGuardHook ParamSchedulerHook ChannelsLastHook '
            'AtomicCheckpointHook GracefulStopHook ProgressHook',
        ),
        (
            DOWNSTREAM,
            'RuntimeInfoHook LoadPretrainedHook ClassNumCheckHook DeterministicResumeHook '
            'NaNGuardHook IterTimerHook DistSamplerSeedHook KeepMemoryHook PreflightHook '
            'ProvenanceHook DeadTapsHook ResumeCheckHook LoggerHook ParamSchedulerHook '
            'AtomicCheckpointHook GracefulStopHook ProgressHook',
        ),
    ],
    ids=['pretraining', 'fine-tuning'],
)
def test_order_of_the_hooks(stage, expected):
    """By priority; names in default_hooks come in the order of custom_hooks before them."""
    path = next(p for p in stage if p.stem.endswith('_rgb'))
    assert hooks_of(Config.fromfile(path)) == expected.split()


def test_a_hook_by_name_takes_options_but_no_none():
    """mmengine switches off its own six hooks by None, and refuses None for others."""
    cfg = Config.fromfile(next(p for p in PRETRAIN if p.stem.endswith('_rgb')))
    cfg.merge_from_dict({'default_hooks.embedding_metrics.interval': 7})
    assert cfg.default_hooks.embedding_metrics.interval == 7
    cfg.merge_from_dict({'default_hooks.logger': None})
    assert 'LoggerHook' not in hooks_of(cfg)
    cfg.merge_from_dict({'default_hooks.collapse_guard': None})
    with pytest.raises(AssertionError):
        hooks_of(cfg)


def test_both_stages_are_there():
    assert len(PRETRAIN) >= 4 and len(DOWNSTREAM) >= 3


@all_leaves
def test_everything_builds(path):
    cfg = Config.fromfile(path)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model)
        wrapper = {'type': 'OptimWrapper'}  # AMP needs a GPU
        if cfg.optim_wrapper.type == 'OptimWrapper':
            wrapper = cfg.optim_wrapper.to_dict()
            wrapper.pop('paramwise_cfg', None)  # for the parameter groups, built before
        optimizer = torch.optim.Adam(model.parameters(), cfg.optim_wrapper.optimizer.lr)
        wrapper['optimizer'] = optimizer
        OPTIM_WRAPPERS.build(wrapper)
        for scheduler in cfg.param_scheduler:
            if scheduler.pop('convert_to_iter_based', False):
                scheduler.update(by_epoch=True)
            PARAM_SCHEDULERS.build(dict(scheduler, optimizer=optimizer, end=100))  # of the runner
        for hook in [*cfg.default_hooks.values(), *cfg.get('custom_hooks', [])]:
            HOOKS.build(dict(hook))
        for step in cfg.train_dataloader.dataset.pipeline:
            TRANSFORMS.build(step)
        if 'val_evaluator' in cfg:
            METRICS.build(cfg.val_evaluator)


@pretrain_leaves
def test_one_pretraining_step(path, tmp_path):
    import numpy as np

    from glcnet_plugin.datasets.tiling.folder_writer import write_image

    cfg = Config.fromfile(path)
    bands = cfg.model.backbone.in_channels
    for index in range(2):
        image = np.random.randint(0, 255, (260, 270, bands)).astype(np.uint8)
        write_image(tmp_path / f'tile{index}_0_0', image)
    dataset_cfg = dict(cfg.train_dataloader.dataset, data_root=str(tmp_path), ann_file='')
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        dataset = DATASETS.build(dataset_cfg)
    batch = torch.utils.data.default_collate([dataset[i]['inputs'] for i in range(2)])
    model = build_model(cfg)
    data = {'inputs': batch, 'data_samples': [dataset[i]['data_samples'] for i in range(2)]}
    losses = model(**model.data_preprocessor(data, True), mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    assert total.isfinite() and set(losses) >= {'loss_style', 'loss_local'}
    assert [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None] == []


@downstream_leaves
def test_segmentation_head_and_crops(path):
    cfg = Config.fromfile(path)
    model = build_model(cfg).eval()
    x = torch.rand(1, cfg.model.backbone.in_channels, 64, 64)
    with torch.no_grad():
        logits = model(x)
    assert logits.shape[1] == cfg.model.decode_head.num_classes


@pytest.mark.parametrize('size', ['r50', 'r18w16'])
def test_pretrained_encoder_fits_the_downstream_config(size, tmp_path):
    from glcnet_plugin.checkpoints.loading import load_pretrained

    suffix = {'r50': '_rgb', 'r18w16': '_demo'}[size]
    source = next(p for p in PRETRAIN if f'glcnet_{size}-' in p.stem and p.stem.endswith(suffix))
    target = next(p for p in DOWNSTREAM if f'_{size}_' in p.stem and p.stem.endswith(suffix))
    path = tmp_path / 'x.pth'
    torch.save({'state_dict': build_model(Config.fromfile(source)).state_dict()}, path)
    model = build_model(Config.fromfile(target))
    report = load_pretrained(model, str(path), 'encoder_decoder')
    assert sum(report.matched.values()) == len(model.state_dict()) - 2  # all but the classifier


@downstream_leaves
def test_classes_and_bands_of_the_dataset_fit_the_network(path):
    cfg = Config.fromfile(path)
    for loader in (cfg.train_dataloader, cfg.val_dataloader, cfg.test_dataloader):
        known = DATASETS.get(loader.dataset.type).METAINFO.get('classes')
        assert known is None or len(known) == cfg.model.decode_head.num_classes
        kinds = [step.type for step in loader.dataset.pipeline]
        assert kinds[kinds.index('glcnet_plugin.LoadRSImage') + 1] == 'glcnet_plugin.LoadRSMask'
    assert cfg.val_dataloader.dataset.test_mode
    preprocessor = cfg.model.data_preprocessor
    for values in (preprocessor.mean, preprocessor.std, preprocessor.get('band_names')):
        assert values is None or len(values) == cfg.model.backbone.in_channels


def test_official_settings():
    """Settings of the official code: 48 px of 224, K = 4, tau 0.5, 64 numbers, Adam 1e-3."""
    path = next(p for p in PRETRAIN if '1xb256' in p.stem and p.stem.endswith('_rgb'))
    cfg = Config.fromfile(path)
    model = cfg.model
    assert (model.local_head.num_regions, model.local_head.region_size) == (4, 48)
    assert model.style_head.loss.temperature == model.local_head.loss.temperature == 0.5
    assert model.lambda_global == 0.5 and model.decode_head.num_classes == 64
    assert cfg.crop.scale == 224 and cfg.crop.crop_ratio_range == (0.4, 1.0)
    assert cfg.train_dataloader.batch_size == 256 and cfg.train_cfg.max_epochs == 400
    optimizer = cfg.optim_wrapper.optimizer
    assert (optimizer.lr, optimizer.betas, optimizer.weight_decay) == (1e-3, (0.9, 0.99), 1e-5)
    assert [step.type for step in cfg.view1] == ['glcnet_plugin.TrackedRandomResizedCrop']
    x = (torch.tensor([0.0, 255.0]) - model.data_preprocessor.mean[0]) / (
        model.data_preprocessor.std[0]
    )
    torch.testing.assert_close(x, torch.tensor([-1.6, 1.6]))


FEW_LABELS = [p for p in DOWNSTREAM if p.stem.endswith('few-labels')]
few_label_leaves = pytest.mark.parametrize('path', FEW_LABELS, ids=lambda p: p.stem)


@few_label_leaves
def test_few_labels_hooks_run_in_their_order(path):
    """Weights, statistics of norms, classifier, average: each needs what is before it."""
    cfg = Config.fromfile(path)
    cfg.default_hooks.tile_statistics = dict(type='glcnet_plugin.RecalibrateBNHook')
    order = hooks_of(cfg)
    wanted = ['LoadPretrainedHook', 'RecalibrateBNHook', 'ProbeInitHook', 'RunEMAHook']
    assert [name for name in order if name in wanted] == wanted
    assert order.index('RunEMAHook') < order.index('AtomicCheckpointHook')


@few_label_leaves
def test_few_labels_rates_rise_and_fall_by_part(path):
    cfg = Config.fromfile(path)
    model, steps = build_model(cfg), cfg.train_cfg.max_iters
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
        schedulers = [
            PARAM_SCHEDULERS.build(dict(s, optimizer=wrapper, end=s.get('end', steps)))
            for s in cfg.param_scheduler
        ]
    names = {id(p): name for name, p in model.named_parameters()}
    parts = {id(group['params'][0]): group for group in wrapper.param_groups}
    groups = {name: parts[key] for key, name in names.items()}
    rates = []
    for _ in range(steps):
        rates.append({name: group['lr'] for name, group in groups.items()})
        wrapper.step()
        for scheduler in schedulers:
            scheduler.step()
    peak = {name: max(rate[name] for rate in rates) for name in groups}
    top = {'d3plus': (1e-4, 3e-4, 1e-3), 'linear': (1e-4, 1e-4, 2e-4)}[path.stem.split('_')[0]]
    for name, value in peak.items():
        part = (
            2
            if name.startswith('decode_head.conv_seg.')
            else 1
            if name.startswith('decode_head')
            else 0
        )
        assert value == pytest.approx(top[part], rel=0.12)  # less what the decay takes meanwhile
        rate = [r[name] for r in rates]
        assert rate.index(value) == pytest.approx(steps / 10, abs=2)
        assert rate[0] < 0.02 * value and rate[-1] < 0.02 * value
        assert rate[steps // 2] == pytest.approx(top[part] * (1 / 2) ** 0.9, rel=0.02)
