import os
import sys
import threading

import pytest
import torch
from mmengine.config import Config

from glcnet_plugin.engine import cpu_launch as launching
from glcnet_plugin.errors import ConfigError

CHILD = """
import os, sys, torch
from mmengine.config import Config
from mmengine.runner import Runner
from glcnet_plugin.engine.cpu_launch import leave_group_on_exit, prepare_cpu

cfg = Config.fromfile(sys.argv[1])
cfg.launcher, cfg.work_dir = 'pytorch', sys.argv[3]
cfg.merge_from_dict(dict(
    train_cfg=dict(max_epochs=1),
    train_dataloader=dict(batch_size=3, num_workers=0, persistent_workers=False),
    default_hooks=dict(checkpoint=dict(interval=1)),
    randomness=dict(diff_rank_seed=True),
))
cfg.train_dataloader.dataset.data_root = sys.argv[2]
prepare_cpu(cfg)
with leave_group_on_exit():
    runner = Runner.from_cfg(cfg)
    runner.train()
assert runner.iter == 2, runner.iter
torch.save(runner.model.module.state_dict(), f'{sys.argv[3]}/rank{os.environ["RANK"]}.pth')
"""
DEMO = 'configs/glcnet/glcnet_r18w16-d3plus_1xb32-60e_demo.py'


@pytest.fixture
def one_process(monkeypatch, free_port):
    """The variables that a launcher sets, for a single process without a GPU."""
    monkeypatch.setattr(launching, 'get_device', lambda: 'cpu')
    values = {'RANK': 0, 'WORLD_SIZE': 1, 'MASTER_ADDR': '127.0.0.1', 'MASTER_PORT': free_port}
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))
    yield
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def test_group_wrapper_and_norms_are_set(one_process, capsys):
    layers = [dict(norm_cfg=dict(type='SyncBN', eps=1e-3)), dict(norm_cfg=dict(type='GN'))]
    model = dict(type='x', norm_cfg=dict(type='mmengine.SyncBN'), layers=layers)
    cfg = Config(dict(launcher='pytorch', model=model, sync_bn='torch'))
    launching.prepare_cpu(cfg)
    assert torch.distributed.get_backend() == 'gloo'
    assert cfg.model_wrapper_cfg == dict(
        type='MMDistributedDataParallel', device_ids=None, broadcast_buffers=False,
        find_unused_parameters=False,
    )  # fmt: skip
    assert cfg.model.norm_cfg.type == 'BN' and cfg.sync_bn is None
    assert cfg.model.layers == [dict(norm_cfg=dict(type='BN', eps=1e-3)), layers[1]]
    assert [hook['type'] for hook in cfg.custom_hooks] == ['mmengine.SyncBuffersHook']
    printed = capsys.readouterr().out
    assert '1 processes on the CPU' in printed and 'BN is used instead' in printed


def test_what_the_config_says_stays(one_process):
    wrapper = dict(type='MMDistributedDataParallel', find_unused_parameters=True)
    hooks = [dict(type='SyncBuffersHook')]
    cfg = Config(dict(launcher='pytorch', model={}, sync_bn='torch'))
    cfg.update(model_wrapper_cfg=dict(wrapper), custom_hooks=hooks)
    launching.prepare_cpu(cfg)
    assert cfg.model_wrapper_cfg == dict(wrapper, device_ids=None)
    assert cfg.custom_hooks == hooks


def test_mixed_precision_becomes_full_and_says_so(monkeypatch, capsys):
    monkeypatch.setattr(launching, 'get_device', lambda: 'cpu')
    optimizer = dict(type='Adam', lr=0.1)
    amp = dict(type='AmpOptimWrapper', loss_scale='dynamic', dtype='bfloat16')
    cfg = Config(dict(optim_wrapper=dict(amp, optimizer=optimizer, accumulative_counts=2)))
    launching.prepare_cpu(cfg)
    assert cfg.optim_wrapper == dict(
        type='OptimWrapper', optimizer=optimizer, accumulative_counts=2
    )
    assert 'mixed precision needs a GPU, full precision' in capsys.readouterr().out


@pytest.mark.parametrize(('launcher', 'device'), [('none', 'cpu'), ('pytorch', 'cuda')])
def test_nothing_happens_alone_or_with_a_gpu(launcher, device, monkeypatch):
    monkeypatch.setattr(launching, 'get_device', lambda: device)
    cfg = Config(dict(launcher=launcher, model=dict(norm_cfg=dict(type='SyncBN'))))
    if device == 'cuda':
        cfg.optim_wrapper = dict(type='AmpOptimWrapper')
    before = cfg.to_dict()
    launching.prepare_cpu(cfg)
    assert cfg.to_dict() == before and not torch.distributed.is_initialized()


def test_group_is_left_in_the_end_but_not_after_an_error(one_process):
    def end(error=None):
        launching.prepare_cpu(Config(dict(launcher='pytorch', model={})))
        with launching.leave_group_on_exit():
            if error is not None:
                raise error

    with launching.leave_group_on_exit():
        pass  # there is none
    end()
    assert not torch.distributed.is_initialized()
    with pytest.raises(SystemExit, match='143'):
        end(SystemExit(143))
    assert not torch.distributed.is_initialized()
    with pytest.raises(ConfigError):
        end(ConfigError('x'))
    assert torch.distributed.is_initialized()


def test_threads_may_release_tensors_before_the_group_is_left(one_process, monkeypatch):
    """Both sides waited forever: gloo's thread for the GIL, its group for the thread."""
    waiting, released, seen = threading.Event(), [], []
    thread = threading.Thread(target=lambda: (waiting.wait(), released.append(True)))
    thread.start()
    monkeypatch.setattr(
        torch.distributed, 'destroy_process_group', lambda: seen.append(list(released))
    )
    with monkeypatch.context() as patch:
        patch.setattr(torch.distributed, 'is_initialized', lambda: True)
        before = sys.getswitchinterval()
        sys.setswitchinterval(100)  # it does not get the GIL unless this thread waits
        try:
            waiting.set()
            launching.leave_group()
        finally:
            sys.setswitchinterval(before)
    thread.join()
    assert seen == [[True]]


def test_other_launchers_need_gpus(one_process):
    with pytest.raises(ConfigError, match="launcher 'mpi' needs GPUs"):
        launching.prepare_cpu(Config(dict(launcher='mpi', model={})))


def test_slurm_names_the_processes(one_process, monkeypatch, tmp_path):
    for name in ('RANK', 'WORLD_SIZE', 'MASTER_ADDR'):
        monkeypatch.delenv(name)
    with pytest.raises(ConfigError, match='RANK, WORLD_SIZE, MASTER_ADDR .*slurm_train.sh'):
        launching.prepare_cpu(Config(dict(launcher='slurm', model={})))
    scontrol = tmp_path / 'scontrol'
    scontrol.write_text('#!/bin/sh\necho "$3" | grep -q "^node\\[3-4\\]$" && echo node3 node4\n')
    scontrol.chmod(0o755)
    monkeypatch.setenv('PATH', f'{tmp_path}:{os.environ["PATH"]}')
    values = {'PROCID': '5', 'NTASKS': '8', 'LOCALID': '1', 'NODELIST': 'node[3-4]'}
    for name, value in values.items():
        monkeypatch.setenv(f'SLURM_{name}', value)
    assert launching.slurm_variables() == {
        'RANK': '5', 'WORLD_SIZE': '8', 'LOCAL_RANK': '1', 'MASTER_ADDR': 'node3',
    }  # fmt: skip


def test_variables_of_the_launcher_are_needed(one_process, monkeypatch):
    monkeypatch.delenv('MASTER_PORT')
    monkeypatch.delenv('RANK')
    with pytest.raises(ConfigError, match='RANK, MASTER_PORT not set .*tools/dist_train.sh'):
        launching.prepare_cpu(Config(dict(launcher='pytorch', model={})))


def test_two_processes_train_one_network(scenes, tmp_path, run_ranks):
    """12 tiles in batches of 3 for each of 2 processes: 2 iterations."""
    logs = run_ranks(2, [sys.executable, '-c', CHILD, DEMO, scenes / 'images', tmp_path])
    first, second, saved = (
        torch.load(tmp_path / name, weights_only=False)
        for name in ('rank0.pth', 'rank1.pth', 'epoch_1.pth')
    )
    assert first.keys() == second.keys() == saved['state_dict'].keys()
    for name, value in first.items():
        assert torch.equal(value, second[name]), name
        assert torch.equal(value, saved['state_dict'][name]), name
    assert first['backbone.bn1.num_batches_tracked'] == 2
    assert '2 processes on the CPU' in logs[0] and '2 processes' not in logs[1]
