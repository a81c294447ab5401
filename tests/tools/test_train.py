import sys
import weakref
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
import torch
import train
from mmengine.config import Config
from torch.nn.parallel import DistributedDataParallel

from glcnet_plugin.checkpoints.loading import SCOPES
from glcnet_plugin.errors import ConfigError

DOWNSTREAM = 'configs/downstream/d3plus_r50_1xb16-150e_rgb.py'
PRETRAIN = 'configs/glcnet/glcnet_r50-d3plus_1xb256-400e_rgb.py'


def load(monkeypatch, request, config, *options):
    monkeypatch.chdir(request.config.rootpath)
    monkeypatch.setattr(sys, 'argv', ['train.py', config, *options])
    return train.load_config(train.parse_args())


@pytest.mark.parametrize('scope', SCOPES)
def test_pretrained_and_scope_reach_the_hook(monkeypatch, request, scope):
    cfg = load(monkeypatch, request, DOWNSTREAM, '--pretrained', 'x.pth', '--scope', scope)
    plain = load(monkeypatch, request, DOWNSTREAM).to_dict()
    settings = {'checkpoint': 'x.pth', 'scope': scope}
    plain['default_hooks']['pretrained'].update(settings)
    assert cfg.to_dict() == plain  # nothing else is changed
    # by item: mmengine's configs have an attribute 'scope' of their own
    hook = cfg.default_hooks.pretrained
    assert {key: hook[key] for key in settings} == settings


def test_hooks_of_a_users_own_config_are_found_too(monkeypatch, request, tmp_path):
    config = tmp_path / 'own.py'
    config.write_text("custom_hooks = [dict(type='glcnet_plugin.LoadPretrainedHook')]\n")
    cfg = load(monkeypatch, request, str(config), '--pretrained', 'x.pth')
    assert cfg.custom_hooks[0]['checkpoint'] == 'x.pth'


@pytest.mark.parametrize('way', ['--data-root', '--cfg-options'])
def test_data_root_reaches_every_dataset_and_the_model(monkeypatch, request, labelled_folder, way):
    (labelled_folder / 'splits').mkdir()
    (labelled_folder / 'splits/train_1pct_seed0.txt').write_text('a1\n')
    value = {'--data-root': '', '--cfg-options': 'data_root='}[way] + str(labelled_folder)
    cfg = load(monkeypatch, request, DOWNSTREAM, way, value)
    for part in ('train', 'val', 'test'):
        assert cfg[f'{part}_dataloader'].dataset.data_root == str(labelled_folder)
    assert cfg.model.decode_head.num_classes == 2


def test_data_root_that_is_no_folder(monkeypatch, request):
    with pytest.raises(ConfigError, match='data root no/such is not a folder: give an existing'):
        load(monkeypatch, request, DOWNSTREAM, '--data-root', 'no/such')


def test_pretrained_needs_the_hook(monkeypatch, request, tmp_path):
    config = tmp_path / 'bare.py'
    config.write_text("custom_hooks = [dict(type='EMAHook')]\n")
    with pytest.raises(ConfigError, match='bare.py has no .*LoadPretrainedHook in .* add it'):
        load(monkeypatch, request, str(config), '--pretrained', 'x.pth')


def test_work_dir_options_amp_and_resume(monkeypatch, request):
    cfg = load(monkeypatch, request, PRETRAIN, '--amp', '--cfg-options', 'train_cfg.max_epochs=3')
    assert cfg.work_dir == f'work_dirs/{PRETRAIN.split("/")[-1][:-3]}'
    assert cfg.optim_wrapper.type == 'AmpOptimWrapper' and cfg.train_cfg.max_epochs == 3
    cfg = load(monkeypatch, request, PRETRAIN, '--resume', '--work-dir', 'here')
    assert cfg.resume and cfg.load_from is None and cfg.work_dir == 'here'
    assert load(monkeypatch, request, PRETRAIN, '--resume', 'a.pth').load_from == 'a.pth'


def test_learning_rate_is_scaled_on_demand(monkeypatch, request, tmp_path):
    assert load(monkeypatch, request, PRETRAIN).auto_scale_lr == {
        'base_batch_size': 256,
        'enable': True,
    }
    off = ['--cfg-options', 'auto_scale_lr.enable=False']
    assert load(monkeypatch, request, PRETRAIN, *off, '--auto-scale-lr').auto_scale_lr.enable
    config = tmp_path / 'bare.py'
    config.write_text("model = dict(type='x')\n")
    with pytest.raises(ConfigError, match='bare.py has no auto_scale_lr.base_batch_size'):
        load(monkeypatch, request, str(config), '--auto-scale-lr')


class Runner:
    """A runner that wraps its model, is part of a cycle, and may be stopped by a signal."""

    def __init__(self, stopped):
        self.stopped = stopped
        self.hook = SimpleNamespace(runner=self)
        self.model = DistributedDataParallel(torch.nn.Linear(1, 1))
        self.wrapper = weakref.ref(self.model)

    def train(self):
        assert torch.distributed.is_initialized()
        if self.stopped:
            raise SystemExit(143)


@pytest.mark.parametrize('stopped', [False, True])
def test_process_group_is_left_after_the_wrapper_of_the_model(monkeypatch, free_port, stopped):
    values = {'RANK': 0, 'WORLD_SIZE': 1, 'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': free_port}
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))
    wrappers, gone = [], []

    def from_cfg(cfg):
        runner = Runner(stopped)
        wrappers.append(runner.wrapper)
        return runner

    def leave():
        gone.append(wrappers[0]() is None)
        destroy()

    destroy = torch.distributed.destroy_process_group
    monkeypatch.setattr(torch.distributed, 'destroy_process_group', leave)
    monkeypatch.setattr(sys, 'argv', ['train.py', 'x.py', '--launcher', 'pytorch'])
    monkeypatch.setattr(
        train, 'load_config', lambda args: Config(dict(launcher='pytorch', model={}, work_dir='x'))
    )
    monkeypatch.setattr('glcnet_plugin.engine.cpu_launch.get_device', lambda: 'cpu')
    monkeypatch.setattr(train, 'check_work_dir', lambda folder: None)
    monkeypatch.setattr(train, 'check_training', lambda runner: None)
    monkeypatch.setattr(train.ConsoleRunner, 'from_cfg', from_cfg)
    with pytest.raises(SystemExit, match='143') if stopped else nullcontext():
        train.main()
    assert gone == [True] and not torch.distributed.is_initialized()
