import json
import math
from functools import partial

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper
from mmengine.optim.optimizer import amp_optimizer_wrapper
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

from glcnet_plugin.engine.hooks.nan_guard import NaNGuardHook
from glcnet_plugin.errors import ConfigError, NonFiniteError


class Net(BaseModel):
    """A loss that is what the data say: bad numbers come in through the batch."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(1)
        self.layer = nn.Linear(1, 1)

    def forward(self, inputs, data_samples=None, mode='loss'):
        return {'loss': self.layer(self.norm(inputs)).pow(2).mean() * inputs.mean()}


class Sample:
    img_path = 'tile.png'


def batches(values):
    data = [
        {'inputs': torch.tensor([value, 0.5 * value]), 'data_samples': Sample()} for value in values
    ]

    def collate(items):
        return {'inputs': items[0]['inputs'][:, None], 'data_samples': [items[0]['data_samples']]}

    return DataLoader(data, 1, collate_fn=collate)


def train(folder, values, max_skips=0, wrapper=None):
    """One iteration per value; the weights after it."""
    torch.manual_seed(0)
    model = Net()
    runner = Runner(
        model=model,
        work_dir=str(folder),
        train_dataloader=batches(values),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(wrapper or {}, optimizer=dict(type='Adam', lr=0.1)),
        custom_hooks=[dict(type='glcnet_plugin.NaNGuardHook', max_skips=max_skips)],
        default_hooks=dict(checkpoint=None),
        experiment_name=str(folder),
    )
    runner.train()
    return runner


def test_stops_before_the_weights_are_touched_and_tells_why(tmp_path):
    sound = train(tmp_path / 'sound', [1.0, 2.0]).model.layer.state_dict()
    kept = {}
    step = OptimWrapper.update_params

    def watched(self, loss, *args, **kwargs):
        step(self, loss, *args, **kwargs)
        kept.update(weight=self.optimizer.param_groups[0]['params'][2].detach().clone())

    with pytest.MonkeyPatch.context() as patch, pytest.raises(NonFiniteError, match='iteration 3'):
        patch.setattr(OptimWrapper, 'update_params', watched)
        train(tmp_path / 'bad', [1.0, 2.0, math.nan, 3.0])
    torch.testing.assert_close(kept['weight'], sound['weight'], rtol=0, atol=0)
    record = json.loads((tmp_path / 'bad/nonfinite_iter3_rank0.json').read_text())
    assert record['images'] == ['tile.png'] and record['losses']['loss'] == 'nan'
    assert record['finite_inputs'] == [False] and record['learning_rate']['lr'] == [0.1]


@pytest.mark.parametrize('bad', [math.nan, math.inf])
def test_a_skipped_iteration_leaves_no_trace_in_the_network(tmp_path, bad):
    without = train(tmp_path / 'without', [1.0, 2.0, 3.0])
    skipping = train(tmp_path / 'skipping', [1.0, bad, 2.0, 3.0], max_skips=1)
    expected = without.model.state_dict()
    for key, value in skipping.model.state_dict().items():
        torch.testing.assert_close(value, expected[key], rtol=0, atol=0)
    assert skipping.message_hub.get_scalar('train/skipped_steps').current() == 1


def test_too_many_in_a_row_stop(tmp_path):
    with pytest.raises(NonFiniteError, match='iteration 4'):
        train(tmp_path, [1.0, math.nan, math.nan, math.nan], max_skips=2)
    train(tmp_path / 'apart', [1.0, math.nan, 1.0, math.nan], max_skips=1)


def test_infinite_gradients_of_a_finite_loss_count():
    weight = nn.Parameter(torch.zeros(1))
    hook = NaNGuardHook()
    optimizer = torch.optim.Adam([weight])
    optimizer.register_step_pre_hook(hook._before_step)
    weight.sqrt().sum().backward()  # 0, with an infinite slope
    optimizer.step()
    assert hook.dropped and weight == 0 and not optimizer.state[weight]


# two iterations make a step: in the first of the two, in the second
@pytest.mark.parametrize('bad', [0, 1])
def test_accumulated_gradients_are_left_out_before_their_step(tmp_path, bad):
    values = [1.0, 2.0, 3.0, 1.0]
    values[bad] = math.nan
    wrapper = dict(accumulative_counts=2)
    runner = train(tmp_path, values, max_skips=1, wrapper=wrapper)
    assert all(value.isfinite().all() for value in runner.model.state_dict().values())
    assert runner.message_hub.get_scalar('train/skipped_steps').current() == 1
    log = next(tmp_path.rglob('*.log')).read_text()
    assert f'at iteration {bad + 1};' in log and 'the iteration is skipped' in log
    assert 'the step was taken' not in log and len(list(tmp_path.glob('nonfinite*'))) == 1
    with pytest.raises(NonFiniteError, match=f'iteration {bad + 1}.*No step was taken with it'):
        train(tmp_path / 'stop', values, wrapper=wrapper)


@pytest.fixture
def amp(monkeypatch):
    """AMP of mmengine, with a scaler that works on a CPU."""
    scaler = pytest.importorskip('torch.amp', reason='torch 2.3 or newer')
    if not hasattr(scaler, 'GradScaler'):
        pytest.skip('torch has scalers for GPUs only')
    monkeypatch.setattr(amp_optimizer_wrapper, 'is_cuda_available', lambda: True)
    monkeypatch.setattr(amp_optimizer_wrapper, 'GradScaler', partial(scaler.GradScaler, 'cpu'))
    return dict(type='AmpOptimWrapper', loss_scale=dict(init_scale=2.0**60), dtype='bfloat16')


def test_overflows_of_the_scaler_are_counted_not_refused(tmp_path, amp):
    """float32 ends at 2^128: the gradients of this batch, times 2^60, lie beyond."""
    runner = train(tmp_path, [1.0, 1e22, 2.0], wrapper=amp)
    hub = runner.message_hub
    assert hub.get_scalar('train/skipped_steps').data[0].tolist() == [0, 1, 1]
    assert hub.get_scalar('train/loss_scale').current() == 2.0**59
    assert not list(tmp_path.glob('nonfinite*'))


def test_bad_batches_under_amp(tmp_path, amp):
    runner = train(tmp_path, [1.0, math.nan, 2.0], max_skips=1, wrapper=amp)
    assert all(value.isfinite().all() for value in runner.model.state_dict().values())
    assert runner.message_hub.get_scalar('train/skipped_steps').current() == 1
    assert 'the iteration is skipped' in next(tmp_path.rglob('*.log')).read_text()
    with pytest.raises(NonFiniteError, match='No step was taken with it'):
        train(tmp_path / 'stop', [1.0, math.nan, 2.0], wrapper=amp)


def test_the_count_goes_on_after_a_resume(tmp_path):
    runner = train(tmp_path, [1.0, math.nan, 2.0], max_skips=1)
    hook, runner.train_loop._iter = NaNGuardHook(), 3
    hook.before_train(runner)
    assert hook.skipped == 1


def test_negative_number_is_refused():
    with pytest.raises(ConfigError, match='-1'):
        NaNGuardHook(max_skips=-1)
