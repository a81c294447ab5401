"""Every baseline is parsed, built, trained for some steps, and compared with GLCNet's config."""

import json
import math
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.logging import MessageHub
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DATASETS, HOOKS, MODELS, DefaultScope
from script_processes import run_python

from glcnet_plugin.checkpoints.loading import load_pretrained
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.engine.run_config import find_hooks
from glcnet_plugin.utils.config_diff import flatten

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / 'configs'
LEAVES = sorted((CONFIGS / 'baselines').glob('*/*.py'))
PRETRAIN = [p for p in LEAVES if p.stem.startswith(f'{p.parent.name}_')]
QUEUES = [p for p in PRETRAIN if p.parent.name in ('mocov2', 'densecl')]
DEMO = [p for p in PRETRAIN if p.stem.endswith('_demo')]
FINETUNE = [p for p in LEAVES if p not in PRETRAIN]
METHODS = {
    *('simclr', 'mocov2', 'byol', 'simsiam', 'barlowtwins', 'densecl'),
    *('mae', 'inpainting', 'jigsaw'),
}
GLCNET = {
    'rgb': 'glcnet_r50-d3plus_1xb64-amp-100e_rgb',
    'demo': 'glcnet_r18w16-d3plus_1xb32-60e_demo',
    'rgb-imagenet': 'glcnet_lite0-d3plus_1xb24-1000i_rgb-imagenet',
}
SEGMENTATION = {
    'rgb': 'd3plus_r50_1xb16-150e_rgb',
    'demo': 'd3plus_r18w16_1xb8-120i_demo',
    'rgb-imagenet': 'linear_lite0_1xb8-300i_few-labels',
}
# What a method may set otherwise than GLCNet, besides the parts of its model.
EXCEPTIONS = {
    'simsiam': {'optim_wrapper', 'default_hooks'},  # the predictor's learning rate is constant
    'densecl': {'default_hooks'},  # the dense loss is added after some steps
    'mae': {'train_dataloader', 'backbone'},  # one view, not changed in colour; a transformer
}
# Parameters that learn by another way than a gradient, or not at all.
NO_GRADIENT = r'(encoder_k|target_net)\..*|.*pos_embed'

pretrain_leaves = pytest.mark.parametrize('path', PRETRAIN, ids=lambda p: p.stem)
demo_leaves = pytest.mark.parametrize('path', DEMO, ids=lambda p: p.stem)


def build_model(cfg):
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        return MODELS.build(cfg.model)


def size_of(path):
    return path.stem.split('_')[-1]


def segmentation_config(path):
    """The config that fine-tunes what a leaf pretrains."""
    if path.parent.name == 'mae':
        size = path.stem.split('_')[1]
        return Config.fromfile(next(p for p in FINETUNE if f'_{size}_' in p.stem))
    return Config.fromfile(CONFIGS / f'downstream/{SEGMENTATION[size_of(path)]}.py')


def test_every_method_has_both_sizes():
    continued = {(method, 'rgb-imagenet') for method in ('simclr', 'barlowtwins', 'densecl')}
    assert {(p.parent.name, size_of(p)) for p in PRETRAIN} == continued | {
        (method, size) for method in METHODS for size in ('rgb', 'demo')
    }


@pytest.mark.parametrize('folder', sorted(METHODS))
def test_metafile_names_every_leaf(folder):
    content = yaml.safe_load((CONFIGS / 'baselines' / folder / 'metafile.yml').read_text())
    (collection,) = content['Collections']
    assert collection['Paper']['URL'].startswith('https://arxiv.org/abs/')
    assert (ROOT / collection['README']).is_file()
    models = {m['Name']: m for m in content['Models']}
    assert set(models) == {p.stem for p in LEAVES if p.parent.name == folder}
    for name, model in models.items():
        assert model['Config'] == f'configs/baselines/{folder}/{name}.py'
        assert model['In Collection'] == collection['Name']
        cfg = Config.fromfile(ROOT / model['Config'])
        length = cfg.train_cfg.get('max_epochs') or cfg.train_cfg.max_iters
        assert length in (model['Metadata'].get(key) for key in ('Epochs', 'Iterations'))
        assert model['Metadata']['Batch Size'] == cfg.train_dataloader.batch_size


def settings(cfg):
    """What a fair comparison keeps equal."""
    content = cfg.to_dict()
    keys = (
        'train_dataloader', 'optim_wrapper', 'param_scheduler', 'train_cfg', 'auto_scale_lr',
        'default_hooks', 'env_cfg', 'randomness', 'sync_bn', 'default_scope', 'load_from',
        'log_level',
    )  # fmt: skip
    equal = {key: content[key] for key in keys}
    backbone = dict(content['model']['backbone'])
    backbone.pop('zero_init_residual', None)  # of the method, compared with mmpretrain's below
    backbone.pop('out_indices', None)  # necks of mmpretrain take the last map alone
    statistics = {key: content['model']['data_preprocessor'][key] for key in ('mean', 'std')}
    return {**equal, 'backbone': backbone, 'statistics': statistics}


@pretrain_leaves
def test_same_protocol_as_glcnet(path):
    ours = settings(Config.fromfile(path))
    theirs = settings(Config.fromfile(CONFIGS / f'glcnet/{GLCNET[size_of(path)]}.py'))
    different = {key for key in theirs if ours[key] != theirs[key]}
    assert different == EXCEPTIONS.get(path.parent.name, set())
    if path.parent.name == 'simsiam':
        paramwise = ours['optim_wrapper'].pop('paramwise_cfg')
        assert paramwise == {'custom_keys': {'predictor': {'fix_lr': True}}}
        assert ours['optim_wrapper'] == theirs['optim_wrapper']
    assert 'custom_hooks' not in Config.fromfile(path)
    if 'default_hooks' in different:  # one more, the last
        *others, (name, _) = ours['default_hooks'].items()
        assert dict(others) == theirs['default_hooks'] and name == path.parent.name
    if path.parent.name == 'mae':
        steps = ours['train_dataloader']['dataset'].pop('pipeline')
        load, cut, views, pack = theirs['train_dataloader']['dataset'].pop('pipeline')
        assert ours['train_dataloader'] == theirs['train_dataloader']
        geometric = views['views'][1][:3]
        assert [step['type'].rpartition('.')[2] for step in geometric] == [
            'TrackedRandomResizedCrop', 'TrackedRandomFlip', 'RandomRotate90',
        ]  # fmt: skip
        pack.pop('algorithm_keys')
        assert steps == [load, cut, *geometric, pack]


@pretrain_leaves
def test_fixed_learning_rate_of_the_predictor_is_the_scaled_one(path):
    cfg = Config.fromfile(path)
    rates = [hook['lr'] for hook in find_hooks(cfg, 'SimSiamHook')]
    scale = cfg.train_dataloader.batch_size / cfg.auto_scale_lr.base_batch_size
    scale = scale if cfg.auto_scale_lr.enable else 1
    expected = [cfg.optim_wrapper.optimizer.lr * scale] * (path.parent.name == 'simsiam')
    assert rates == pytest.approx(expected)


@pytest.mark.parametrize('path', QUEUES, ids=lambda p: p.stem)
def test_batches_divide_the_queue(path):
    cfg = Config.fromfile(path)
    assert cfg.model.queue_len % cfg.train_dataloader.batch_size == 0


def losses_of(model, cfg, bands=3):
    """Losses of two small views of two images; of one view of the only size for MAE."""
    one_view = cfg.model.type == 'MAE'
    side = cfg.model.backbone.img_size if one_view else 48
    views = [torch.randint(0, 256, (2, bands, side, side)).byte() for _ in range(2)]
    data = {'inputs': views[0] if one_view else views, 'data_samples': None}
    MessageHub.get_current_instance().update_info('max_iters', 10)  # a runner does so
    return model(**model.data_preprocessor(data, True), mode='loss')


@pretrain_leaves
def test_one_step_and_its_checkpoint(path, tmp_path):
    cfg = Config.fromfile(path)
    if path.parent.name == 'jigsaw':
        cfg.model.tile_size = 16
    if path.parent.name == 'barlowtwins':  # 150 million numbers, else
        cfg.model.neck.update(hid_channels=64, out_channels=64)
        cfg.model.head.in_channels = 64
    model = build_model(cfg)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        wrapper = build_optim_wrapper(model, dict(cfg.optim_wrapper, type='OptimWrapper'))
        for hook in cfg.default_hooks.values():
            HOOKS.build(dict(hook))
        mixed = cfg.optim_wrapper.type == 'AmpOptimWrapper'
        with torch.autocast('cpu', torch.bfloat16, enabled=mixed):
            total, _ = model.parse_losses(losses_of(model, cfg))
        wrapper.backward(total)
    assert total.isfinite()
    frozen = [n for n, p in model.named_parameters() if not p.requires_grad]
    assert [n for n in frozen if not re.fullmatch(NO_GRADIENT, n)] == []
    assert [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None] == []
    wrapper.step()

    torch.save({'state_dict': model.state_dict()}, tmp_path / 'x.pth')
    target = build_model(segmentation_config(path))
    report = load_pretrained(target, str(tmp_path / 'x.pth'), 'backbone')
    assert report.matched == {'backbone': len(target.backbone.state_dict())}
    after = {k: v for k, v in model.state_dict().items() if k.startswith('backbone.')}
    assert all(torch.equal(target.state_dict()[key], value) for key, value in after.items())


@demo_leaves
def test_four_bands(path):
    """The settings that docs/baselines.md lists."""
    cfg = Config.fromfile(path)
    cfg.model.data_preprocessor.update(mean=[127.5] * 4, std=[79.6875] * 4)
    if path.parent.name == 'mae':
        cfg.model.backbone.patch_cfg.in_channels = cfg.model.neck.in_chans = 4
        cfg.model.head.in_channels = 4
    else:
        cfg.model.backbone.in_channels = 4
    if path.parent.name == 'inpainting':
        cfg.model.decode_head.num_classes = 4
    if path.parent.name == 'jigsaw':
        cfg.model.tile_size = 16
    model = build_model(cfg)
    total, _ = model.parse_losses(losses_of(model, cfg, bands=4))
    assert total.isfinite()


@pytest.mark.parametrize('path', FINETUNE, ids=lambda p: p.stem)
def test_transformers_are_fine_tuned_at_the_size_of_the_crops(path):
    cfg = Config.fromfile(path)
    crop = next(s.crop_size for s in cfg.train_pipeline if s.type == 'RandomCrop')
    model = build_model(cfg).eval()
    with torch.no_grad():
        logits = model(torch.rand(1, 3, *crop))
    side = crop[0] // cfg.model.backbone.patch_size
    assert logits.shape == (1, cfg.model.decode_head.num_classes, side, side)


@pretrain_leaves
def test_pipeline_gives_what_the_method_takes(path, tmp_path):
    write_image(tmp_path / 'tile', np.random.randint(0, 255, (260, 270, 3)).astype(np.uint8))
    cfg = Config.fromfile(path)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        dataset = DATASETS.build(dict(cfg.train_dataloader.dataset, data_root=str(tmp_path)))
    inputs = dataset[0]['inputs']
    one_view = cfg.model.type == 'MAE'
    side = {'demo': 64, 'rgb': 224, 'rgb-imagenet': 96}[size_of(path)]
    assert isinstance(inputs, torch.Tensor) == one_view
    assert {tuple(x.shape) for x in ([inputs] if one_view else inputs)} == {(3, side, side)}


# The runner: hooks, momentum and queues over three steps of each demo config. In a process of
# its own, for a runner leaves its scope behind.
SCRIPT = """
import json, sys
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

class Watch(Hook):
    priority = 'VERY_LOW'
    def before_train(self, runner):
        self.rates, self.lambdas = [], []
    def before_train_iter(self, runner, batch_idx, data_batch=None):
        groups = runner.optim_wrapper.param_groups
        self.rates.append({str(g.get('fix_lr', False)): g['lr'] for g in groups})
        self.lambdas.append(getattr(runner.model, 'loss_lambda', None))

results = {}
for path in sys.argv[3:]:
    cfg = Config.fromfile(path)
    name = cfg.experiment_name = path.split('/')[-2]
    cfg.work_dir = f'{sys.argv[2]}/{name}'
    cfg.train_dataloader.update(batch_size=4, num_workers=0, persistent_workers=False)
    cfg.train_dataloader.dataset.data_root = sys.argv[1]
    cfg.train_cfg.max_epochs = 1
    cfg.default_hooks.logger.interval = cfg.default_hooks.checkpoint.interval = 1
    if 'densecl' in cfg.default_hooks:
        cfg.default_hooks.densecl.start_iters = 2
    watch = Watch()
    runner = Runner.from_cfg(cfg)
    runner.register_hook(watch)
    runner.train()
    scalars = runner.message_hub.log_scalars.items()
    losses = {key: value.data[0].tolist() for key, value in scalars if 'loss' in key}
    results[name] = dict(losses=losses, rates=watch.rates, lambdas=watch.lambdas)
json.dump(results, open(sys.argv[2] + '/results.json', 'w'))
"""


@pytest.fixture(scope='module')
def runs(tmp_path_factory):
    """Losses and learning rates of three steps, per method."""
    images, work = (tmp_path_factory.mktemp(name) for name in ('images', 'work'))
    rng = np.random.default_rng(0)
    for index in range(12):
        write_image(images / f'tile{index}', rng.integers(0, 255, (96, 96, 3)).astype(np.uint8))
    done = run_python(
        [sys.executable, '-c', SCRIPT, str(images), str(work), *map(str, DEMO)],
        cwd=work, timeout=300, env={**os.environ, 'CUDA_VISIBLE_DEVICES': '-1'},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return work, json.loads((work / 'results.json').read_text())


@demo_leaves
def test_three_steps_with_a_runner(path, runs):
    work, results = runs
    result = results[path.parent.name]
    assert len(result['rates']) == 3
    assert all(math.isfinite(x) for values in result['losses'].values() for x in values)
    target = build_model(segmentation_config(path))
    report = load_pretrained(target, str(work / path.parent.name / 'epoch_1.pth'), 'backbone')
    assert report.matched == {'backbone': len(target.backbone.state_dict())}


def test_only_the_predictor_of_simsiam_keeps_its_learning_rate(runs):
    rates = runs[1]['simsiam']['rates']
    assert [r['True'] for r in rates] == [1e-3] * 3
    # half a cosine over the three steps
    cosine = [4e-8 + (1e-3 - 4e-8) * (1 + math.cos(math.pi * i / 3)) / 2 for i in range(3)]
    assert [r['False'] for r in rates] == pytest.approx(cosine)


def test_dense_loss_of_densecl_comes_in_after_its_warm_up(runs):
    result = runs[1]['densecl']
    assert result['lambdas'] == [0.0, 0.0, 0.5]
    dense = result['losses']['train/loss_dense']
    assert dense[:2] == [0.0, 0.0] and dense[2] > 0


# mmpretrain's config of a method, and every setting of its model that differs here, as
# docs/baselines.md says: mmpretrain's value and ours.
SOURCES = {
    'simclr': ('simclr_resnet50_16xb256-coslr-200e_in1k', {
        'neck.out_channels': (128, 64), 'head.temperature': (0.1, 0.5)}),
    'mocov2': ('mocov2_resnet50_8xb32-coslr-200e_in1k', {
        'queue_len': (65536, 2048), 'feat_dim': (128, 64), 'neck.out_channels': (128, 64),
        'head.temperature': (0.2, 0.07)}),
    'byol': ('byol_resnet50_16xb256-coslr-200e_in1k', {}),
    'simsiam': ('simsiam_resnet50_8xb32-coslr-100e_in1k', {}),
    'barlowtwins': ('barlowtwins_resnet50_8xb256-coslr-300e_in1k', {}),
    'densecl': ('densecl_resnet50_8xb32-coslr-200e_in1k', {'queue_len': (65536, 2048)}),
}  # fmt: skip
# Methods whose batch norms and biases are not decayed there, and that start with a warm-up.
NO_DECAY = WARM_UP = {'simclr', 'byol', 'barlowtwins'}
# Defaults that one of the configs writes out; the last norm of Barlow Twins does not exist.
WRITTEN_OUT = {
    'neck.with_avg_pool': True, 'neck.num_grid': None, 'head.predictor.num_layers': 2,
    'backbone.zero_init_residual': True, 'neck.with_last_bn_affine': True,
}  # fmt: skip
UNUSED = {'barlowtwins': {'neck.with_last_bn_affine'}}


def mmpretrain_config(method):
    import mmpretrain

    folder = Path(mmpretrain.__file__).parent / '.mim/configs' / method
    return Config.fromfile(folder / f'{SOURCES[method][0]}.py')


def method_settings(cfg):
    """Settings of a method: without data, the backbone but for its first weights, and norms."""
    model = cfg.to_dict()['model']
    model.pop('data_preprocessor', None)
    backbone = {'zero_init_residual': model.pop('backbone').get('zero_init_residual', True)}
    flat = flatten({**model, 'backbone': backbone})
    return {key: value for key, value in flat.items() if 'norm_cfg' not in key}


@pytest.mark.parametrize('method', SOURCES)
def test_methods_are_those_of_mmpretrain_but_for_what_is_named(method):
    path = next(p for p in PRETRAIN if p.parent.name == method and size_of(p) == 'rgb')
    ours, theirs = (
        method_settings(Config.fromfile(path)),
        method_settings(mmpretrain_config(method)),
    )
    keys = (ours.keys() | theirs.keys()) - UNUSED.get(method, set())
    pairs = {k: (theirs.get(k, WRITTEN_OUT.get(k)), ours.get(k, WRITTEN_OUT.get(k))) for k in keys}
    assert {k: pair for k, pair in pairs.items() if pair[0] != pair[1]} == SOURCES[method][1]


@pytest.mark.parametrize('method', SOURCES)
def test_named_differences_of_the_optimizers(method):
    cfg = mmpretrain_config(method)
    undecayed = cfg.optim_wrapper.get('paramwise_cfg', {}).get('custom_keys', {}).get('bias', {})
    assert (undecayed.get('decay_mult') == 0) == (method in NO_DECAY)
    warm = [s for s in cfg.param_scheduler if s['type'] == 'LinearLR']
    assert [s['end'] for s in warm] == [10] * (method in WARM_UP)
    ours = next(p for p in PRETRAIN if p.parent.name == method)
    paramwise = Config.fromfile(ours).optim_wrapper.get('paramwise_cfg', {})
    assert 'decay_mult' not in str(paramwise)
