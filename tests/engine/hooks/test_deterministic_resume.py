import shutil

import pytest
import torch
from mmengine.dataset import BaseDataset
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.registry import LOOPS
from mmengine.runner import BaseLoop, Runner
from torch import nn

pytestmark = pytest.mark.slow


class Noisy(BaseDataset):
    """Eight samples that are random anew at every draw."""

    read: list[int] = []

    def load_data_list(self):
        return [{'number': i} for i in range(8)]

    def prepare_data(self, index):
        self.read.append(index)
        return {'inputs': torch.rand(4) + index}


class Dropping(BaseModel):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.net = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 1))

    def forward(self, inputs, data_samples=None, mode='loss'):
        return {'loss': self.net(torch.stack(inputs)).pow(2).mean()}


class Interrupt(Hook):
    """What a stop does: save after some iteration and leave."""

    priority = 'LOWEST'

    def __init__(self, after):
        self.after = after

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter + 1 == self.after:
            meta = {'epoch': runner.epoch, 'iter': runner.iter + 1}
            runner.save_checkpoint(runner.work_dir, 'stopped.pth', meta=meta, by_epoch=False)
            raise KeyboardInterrupt


def train(
    folder,
    stop=None,
    resume=None,
    workers=0,
    batch=2,
    exact=True,
    loop=None,
    sampler='DefaultSampler',
    seed=0,
    accumulate=1,
):
    Noisy.read.clear()
    hooks = [dict(type='glcnet_plugin.DeterministicResumeHook')] if exact else []
    runner = Runner(
        model=Dropping(),
        work_dir=str(folder),
        train_dataloader=dict(
            dataset=Noisy(),
            batch_size=batch,
            num_workers=workers,
            persistent_workers=workers > 0,
            sampler=dict(type=sampler, shuffle=True),
        ),
        train_cfg=loop or dict(by_epoch=True, max_epochs=3),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=0.1), accumulative_counts=accumulate),
        param_scheduler=[
            dict(type='CosineAnnealingLR', T_max=12, by_epoch=False),
            dict(type='ExponentialLR', gamma=0.9, by_epoch=True),
        ],
        custom_hooks=hooks,
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1)),
        randomness=dict(seed=seed),
        load_from=resume and str(resume),
        resume=resume is not None,
        experiment_name=f'{folder}_{resume}',
    )
    if stop:
        runner.register_hook(Interrupt(stop))
        with pytest.raises(KeyboardInterrupt):
            runner.train()
    else:
        runner.train()
    return runner.model.state_dict()


def same(one, other):
    return all(torch.equal(one[key], other[key]) for key in one)


# 4 batches per epoch: in the middle of one, at its end, and at its first
@pytest.mark.parametrize('after', [1, 4, 6, 11])
def test_resumed_weights_are_those_of_one_run(tmp_path, after):
    whole = train(tmp_path / 'whole')
    train(tmp_path / 'run', stop=after)
    assert same(train(tmp_path / 'run', resume=tmp_path / 'run/stopped.pth'), whole)
    assert len(Noisy.read) == 2 * (12 - after)  # finished batches are not read again


def test_resumed_from_the_end_of_an_epoch(tmp_path):
    whole = train(tmp_path / 'whole')
    shutil.copy(tmp_path / 'whole/epoch_2.pth', tmp_path / 'epoch_2.pth')
    assert same(train(tmp_path / 'run', resume=tmp_path / 'epoch_2.pth'), whole)


def test_a_seed_that_was_drawn_is_that_of_the_samples_too(tmp_path):
    """mmengine builds the sampler before it reads the seed of the checkpoint."""
    whole = train(tmp_path / 'whole', seed=None)
    shutil.copy(tmp_path / 'whole/epoch_1.pth', tmp_path / 'epoch_1.pth')
    assert same(train(tmp_path / 'run', resume=tmp_path / 'epoch_1.pth', seed=None), whole)


def test_number_of_processes_does_not_matter(tmp_path):
    whole = train(tmp_path / 'whole')
    assert same(train(tmp_path / 'two', workers=2), whole)
    train(tmp_path / 'run', stop=6, workers=2)
    assert same(train(tmp_path / 'run', resume=tmp_path / 'run/stopped.pth', workers=1), whole)


def test_without_the_hook_the_weights_differ(tmp_path):
    whole = train(tmp_path / 'whole', exact=False)
    train(tmp_path / 'run', stop=6, exact=False)
    again = train(tmp_path / 'run', resume=tmp_path / 'run/stopped.pth', exact=False)
    assert not same(again, whole)


def test_another_batch_size_starts_the_epoch_anew_and_says_so(tmp_path):
    train(tmp_path / 'run', stop=6)
    train(tmp_path / 'run', resume=tmp_path / 'run/stopped.pth', batch=4)
    assert len(Noisy.read) == 2 * 8  # epochs 2 and 3, from their first batches
    log = next(p for p in sorted(tmp_path.rglob('*.log')) if 'an epoch had' in p.read_text())
    assert 'an epoch had 4 batches and has 2 now' in log.read_text()


@pytest.mark.parametrize('sampler', ['DefaultSampler', 'InfiniteSampler'])
def test_number_of_processes_does_not_matter_to_iterations(tmp_path, sampler):
    settings = dict(loop=dict(by_epoch=False, max_iters=6), sampler=sampler)
    whole = train(tmp_path / 'none', **settings)
    assert same(train(tmp_path / 'one', workers=1, **settings), whole)


@pytest.mark.parametrize('sampler', ['DefaultSampler', 'InfiniteSampler'])
@pytest.mark.parametrize('after', [1, 4, 6])
def test_training_in_iterations(tmp_path, sampler, after):
    settings = dict(loop=dict(by_epoch=False, max_iters=10), sampler=sampler)
    whole = train(tmp_path / 'whole', **settings)
    assert len(Noisy.read) == 20
    train(tmp_path / 'run', stop=after, **settings)
    resumed = train(tmp_path / 'run', resume=tmp_path / 'run/stopped.pth', **settings)
    assert same(resumed, whole)
    assert len(Noisy.read) == 2 * (10 - after)


def test_accumulated_gradients(tmp_path):
    whole = train(tmp_path / 'whole', accumulate=2)
    train(tmp_path / 'run', stop=6, accumulate=2)
    assert same(train(tmp_path / 'run', resume=tmp_path / 'run/stopped.pth', accumulate=2), whole)
    assert not [log for log in tmp_path.rglob('*.log') if 'does not hold them' in log.read_text()]
    train(tmp_path / 'between', stop=5, accumulate=2)
    assert [log for log in tmp_path.rglob('*.log') if 'does not hold them' in log.read_text()]
    again = train(tmp_path / 'between', resume=tmp_path / 'between/stopped.pth', accumulate=2)
    assert not same(again, whole)


class OwnLoop(BaseLoop):
    def run(self):
        self.runner.call_hook('before_train')

    iter = epoch = 0
    max_iters, max_epochs = 12, 3
    val_begin = val_interval = None


def test_another_loop_is_named(tmp_path):
    LOOPS.register_module(module=OwnLoop, force=True)
    train(tmp_path, loop=dict(type='OwnLoop'))
    text = next(tmp_path.rglob('*.log')).read_text()
    assert 'the data of this OwnLoop depend on earlier random draws' in text
