from collections import Counter

import pytest
import torch
from mmengine.dataset import BaseDataset
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner

from glcnet_plugin.engine.resume_schedules import rescaled


class Eight(BaseDataset):
    def load_data_list(self):
        return [{'number': i} for i in range(8)]

    def prepare_data(self, index):
        return {'inputs': torch.ones(2)}


class Net(BaseModel):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, inputs, data_samples=None, mode='loss'):
        return {'loss': self.layer(torch.stack(inputs)).pow(2).mean()}


class Rates(Hook):
    """Record the learning rate of every iteration; save and stop after one."""

    priority = 'LOWEST'

    def __init__(self, stop):
        self.rates, self.stop = [], stop

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.rates.append(runner.optim_wrapper.param_groups[0]['lr'])

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if runner.iter + 1 == self.stop:
            meta = {'epoch': runner.epoch, 'iter': runner.iter + 1}
            runner.save_checkpoint(runner.work_dir, 'stopped.pth', meta=meta, by_epoch=False)
            raise KeyboardInterrupt


COSINE = dict(type='CosineAnnealingLR', by_epoch=True)
CONVERTED = dict(type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True)


@pytest.fixture
def train(tmp_path):
    """Train for some epochs of 8 // batch iterations; the rates, the runner and its log."""
    runs = []

    def train(schedule, epochs=4, batch=2, stop=None, resume=None, lr=0.1, loop=None, **settings):
        decay = settings.pop('decay', 0)
        folder = tmp_path / str(len(runs))
        runs.append(folder)
        runner = Runner(
            model=Net(),
            work_dir=str(folder),
            train_dataloader=dict(
                dataset=Eight(), batch_size=batch, num_workers=0,
                sampler=dict(type='DefaultSampler', shuffle=True),
            ),
            train_cfg=loop or dict(by_epoch=True, max_epochs=epochs),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=lr, weight_decay=decay)),
            param_scheduler=schedule,
            custom_hooks=[dict(type='glcnet_plugin.DeterministicResumeHook')],
            default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1)),
            load_from=resume and str(resume),
            resume=resume is not None,
            experiment_name=str(folder),
            **settings,
        )  # fmt: skip
        hook = Rates(stop)
        runner.register_hook(hook)
        if stop:
            with pytest.raises(KeyboardInterrupt):
                runner.train()
            return folder / 'stopped.pth'
        runner.train()
        log = next(folder.rglob('*.log')).read_text()
        return hook.rates, runner, log, folder

    return train


def with_end(schedule, epochs, unit=1):
    return [dict(schedule, T_max=epochs * unit)]


@pytest.mark.parametrize('schedule', [COSINE, CONVERTED])
@pytest.mark.parametrize(('before', 'now', 'stop'), [(4, 8, 16), (4, 8, 6), (8, 4, 8), (8, 4, 9)])
def test_a_longer_or_shorter_schedule(train, schedule, before, now, stop):
    """The rate idled at its end: the checkpoint's T_max won over that of the config."""
    whole, *_ = train(with_end(schedule, now), now)
    saved = train(with_end(schedule, before), before, stop=stop)
    rates, runner, log, _ = train(with_end(schedule, now), now, resume=saved)
    assert rates == whole[stop:] and runner.iter == 4 * now
    assert 'optimizer settings and schedules come from the config' in log
    assert 'CosineAnnealingLR.T_max: ' in log


@pytest.mark.parametrize(('schedule', 'unit'), [(COSINE, 1), (CONVERTED, 1)])
@pytest.mark.parametrize('batch', [1, 4, 3])  # 8, 2 and 3 iterations per epoch instead of 4
@pytest.mark.parametrize(('stop', 'first'), [(4, 1), (8, 2), (10, 2), (5, 1)])
def test_another_batch_size(train, schedule, unit, batch, stop, first):
    """The schedule ended early, or never; the iterations ran past their end (ETA -1 day)."""
    settings = with_end(schedule, 4, unit)
    length = -(-8 // batch)
    whole, *_ = train(settings, batch=batch)
    saved = train(settings, stop=stop)
    rates, runner, log, _ = train(settings, batch=batch, resume=saved)
    assert rates == whole[first * length :]
    assert runner.iter == runner.max_iters == 4 * length and runner.epoch == 4
    assert f'an epoch had 4 batches and has {length} now' in log and '-1 day' not in log


@pytest.mark.parametrize('batch', [1, 4])
def test_iterations_are_rescaled_to_the_epochs_they_were_meant_for(train, batch):
    length = 8 // batch
    schedule = [
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=4),
        dict(type='CosineAnnealingLR', by_epoch=False, T_max=12, begin=4, end=16),
    ]
    meant = [
        dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=length),
        dict(type='CosineAnnealingLR', by_epoch=False, T_max=3 * length, begin=length,
             end=4 * length),
    ]  # fmt: skip
    whole, *_ = train(meant, batch=batch)
    saved = train(schedule, stop=8)
    rates, _, log, folder = train(schedule, batch=batch, resume=saved)
    assert rates == whole[2 * length :]
    assert f'CosineAnnealingLR.T_max: 12 -> {3 * length}' in log
    again, _, log, _ = train(schedule, batch=batch, resume=folder / 'epoch_3.pth')
    assert again == whole[3 * length :] and 'come from the config' not in log
    back, *_ = train(schedule, resume=folder / 'epoch_3.pth')
    assert back == train(schedule)[0][12:]


def test_training_in_iterations(train):
    """The iterations of the config count, whatever the batch size."""
    schedules = [[dict(type='CosineAnnealingLR', T_max=n, by_epoch=False)] for n in (6, 12)]
    loops = [dict(by_epoch=False, max_iters=n) for n in (6, 12)]
    whole, *_ = train(schedules[1], loop=loops[1], batch=4)
    saved = train(schedules[0], loop=loops[0], stop=5)
    rates, runner, *_ = train(schedules[1], loop=loops[1], batch=4, resume=saved)
    assert rates == whole[5:] and runner.iter == 12


def test_the_learning_rate_is_scaled_to_the_batch(train):
    scale = dict(auto_scale_lr=dict(enable=True, base_batch_size=2))
    whole, *_ = train(with_end(CONVERTED, 4), batch=4, **scale)
    assert whole[0] == 0.2
    saved = train(with_end(CONVERTED, 4), stop=8, **scale)
    rates, *_ = train(with_end(CONVERTED, 4), batch=4, resume=saved, **scale)
    assert rates == whole[4:]


@pytest.mark.parametrize('schedule', [None, with_end(COSINE, 4)])
def test_values_of_the_optimizer(train, schedule):
    saved = train(schedule, stop=8)
    whole, *_ = train(schedule, lr=0.3, decay=0.01)
    rates, runner, log, _ = train(schedule, lr=0.3, decay=0.01, resume=saved)
    assert rates == whole[8:]
    assert runner.optim_wrapper.param_groups[0]['weight_decay'] == 0.01
    assert 'weight_decay: 0 -> 0.01' in log and 'lr: 0.1 -> 0.3' in log


def test_another_kind_of_schedule(train):
    steps = [dict(type='MultiStepLR', milestones=[3], gamma=0.5, by_epoch=True)]
    saved = train(with_end(COSINE, 4), stop=8)
    rates, *_ = train(steps, resume=saved)
    assert rates == [0.1] * 4 + [0.05] * 4


def test_an_unchanged_run_is_left_alone(train):
    schedule = [*with_end(CONVERTED, 4), dict(type='ExponentialLR', gamma=0.9, by_epoch=True)]
    whole, *_ = train(schedule)
    for stop in (3, 4, 10):
        rates, _, log, _ = train(schedule, resume=train(schedule, stop=stop))
        assert rates == whole[stop:] and 'come from the config' not in log


def test_checkpoints_without_records(train):
    """Of other versions, or trained without the hook."""
    whole, *_ = train(with_end(COSINE, 8), 8)
    saved = train(with_end(COSINE, 4), stop=8)
    checkpoint = torch.load(saved, weights_only=False)
    del checkpoint['meta']['schedules']
    torch.save(checkpoint, saved)
    assert train(with_end(COSINE, 8), 8, resume=saved)[0] == whole[8:]


def test_schedules_that_depend_on_scores_stay(train):
    plateau = dict(type='ReduceOnPlateauLR', monitor='loss', by_epoch=True)
    saved = train([dict(plateau, patience=3)], stop=8)
    *_, log, _ = train([dict(plateau, patience=5)], resume=saved)
    assert 'come from the checkpoint, since' in log and 'patience: 3 -> 5' in log


@pytest.mark.parametrize(
    ('state', 'wanted'),
    [
        (dict(begin=0, end=10**9, gamma=0.81), dict(begin=0, end=10**9, gamma=0.9)),
        (dict(begin=1, end=9, total_iters=7), dict(begin=2, end=18, total_iters=15)),
        (dict(step_size=4, gamma=0.1), dict(step_size=8, gamma=0.1)),
        (dict(milestones=Counter([3, 3]), gamma=0.1), dict(milestones=Counter([6, 6]), gamma=0.1)),
        (dict(periods=[3], cumulative_periods=[3]), dict(periods=[6], cumulative_periods=[6])),
        (
            dict(total_steps=10, _schedule_phases=[{'end_iter': 2.0, 'start_lr': 'a'}]),
            dict(total_steps=20, _schedule_phases=[{'end_iter': 5.0, 'start_lr': 'a'}]),
        ),
    ],
)
def test_rescaled_settings(state, wanted):
    assert rescaled(state, 2.0) == wanted
