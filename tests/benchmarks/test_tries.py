"""Every method that the studies of settings and objectives try is built and makes one step."""

from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmengine.registry import DATASETS, HOOKS, MODELS, DefaultScope
from PIL import Image

from glcnet_plugin.engine.hooks import BackboneWarmupHook
from glcnet_plugin.study.settings import config_file, read_study
from glcnet_plugin.study.validation import set_options

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]

STUDIES = {
    name: read_study(ROOT / f'benchmarks/studies/{name}_tries_lite0.py')
    for name in ('dubai', 'objective')
}
TRIES = [
    pytest.param(name, key, id=key)
    for name, study in STUDIES.items()
    for key, method in study.methods.items()
    if method.options
]


@pytest.fixture(autouse=True, scope='module')
def _one_thread():
    """More would wait for each other beside other work."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def config_of(study, key):
    method = STUDIES[study].methods[key]
    cfg = Config.fromfile(config_file(method.config))
    set_options(cfg, method.options, key)
    return cfg


@pytest.fixture(scope='module')
def tiles(tmp_path_factory):
    folder = tmp_path_factory.mktemp('tiles')
    noise = np.random.default_rng(0).integers(0, 256, (4, 256, 256, 3), np.uint8)
    for number, image in enumerate(noise):
        Image.fromarray(image).save(folder / f'{number}.png')
    return folder


@pytest.mark.parametrize(('study', 'key'), TRIES)
def test_one_step(study, key, tiles):
    cfg = config_of(study, key)
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        samples = DATASETS.build(dict(cfg.train_dataloader.dataset, data_root=str(tiles)))
        batch = [samples[index] for index in range(4)]
        model = MODELS.build(cfg.model)
    before = {name: p.clone() for name, p in model.named_parameters()}
    views = [torch.stack(images) for images in zip(*(s['inputs'] for s in batch), strict=True)]
    data = {'inputs': views, 'data_samples': [s['data_samples'] for s in batch]}
    losses = model.train_step(data, build_optim_wrapper(model, cfg.optim_wrapper))
    assert losses['loss'].isfinite()
    still = {n for n, p in model.named_parameters() if p.requires_grad and p.equal(before[n])}
    assert not still


@pytest.mark.parametrize(('study', 'key'), TRIES)
def test_options_of_views_reach_both(study, key):
    pipeline = config_of(study, key).train_dataloader.dataset.pipeline
    first, second = pipeline[2].views
    assert first[0] == second[0]  # the crop


def test_the_warm_up_is_a_hook():
    for key, steps in (('warmup100', 100), ('warmup300', 300), ('combined', 100)):
        hook = HOOKS.build(config_of('objective', key).default_hooks.backbone_warmup)
        assert isinstance(hook, BackboneWarmupHook) and hook.steps == steps


def test_the_symmetric_views_are_the_second_view_of_the_preset():
    preset = Config.fromfile(config_file(STUDIES['objective'].methods['glcnet'].config))
    second = preset.train_dataloader.dataset.pipeline[2].views[1]
    for key in ('symmetric', 'simclr-symmetric'):
        views = config_of('objective', key).train_dataloader.dataset.pipeline[2].views
        assert list(views) == [second, second]


@pytest.mark.parametrize('family', ['glcnet', 'simclr'])
def test_the_backbone_alone_learns_at_a_lower_rate(family):
    cfg = config_of('dubai', f'{family}-backbone30')
    with DefaultScope.overwrite_default_scope(cfg.default_scope):
        model = MODELS.build(cfg.model)
    groups = build_optim_wrapper(model, cfg.optim_wrapper).param_groups
    rates = {id(p): group['lr'] for group in groups for p in group['params']}
    of_the_backbone = {id(p) for p in model.backbone.parameters() if p.requires_grad}
    preset = cfg.optim_wrapper.optimizer.lr
    for parameter, rate in rates.items():
        expected = 0.3 * preset if parameter in of_the_backbone else preset
        assert rate == pytest.approx(expected)
    assert of_the_backbone < rates.keys()
