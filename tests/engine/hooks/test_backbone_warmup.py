import copy
from types import SimpleNamespace

import pytest
import torch
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import nn

from glcnet_plugin.engine.hooks import BackboneWarmupHook
from glcnet_plugin.errors import ConfigError


class States(Hook):
    """Record the state of the network before every iteration, and at the end."""

    priority = 'LOWEST'

    def __init__(self):
        self.seen = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.seen.append(copy.deepcopy(runner.model.state_dict()))

    def after_train(self, runner):
        self.before_train_iter(runner, 0)


def moved(before, after, part):
    """Names of the tensors of a part that changed."""
    return {key for key in before if key.startswith(part) and (before[key] != after[key]).any()}


@pytest.mark.slow
def test_the_backbone_waits_while_other_parts_learn(train, tiny_glcnet, tmp_path):
    states = States()
    runner = train(tiny_glcnet, tmp_path / 'run', [dict(type=BackboneWarmupHook, steps=3), states])
    begin, *_, released, end = states.seen  # of 4 iterations, before and after the last one
    assert len(states.seen) == 5
    assert not moved(begin, released, 'backbone')
    assert moved(begin, released, 'decode_head') and moved(begin, released, 'style_head')
    assert {'backbone.conv1.weight', 'backbone.bn1.running_mean'} <= moved(
        released, end, 'backbone'
    )
    assert runner.model.backbone.training


def network():
    torch.manual_seed(0)
    model = nn.Module()
    model.backbone = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3))
    model.head = nn.Linear(3, 2)
    return model


def run(iterations, steps, first=0):
    """A network after some iterations, of which the first one has a number."""
    model = network()
    optimizer = torch.optim.Adam(model.parameters(), 1e-2, weight_decay=0.1)
    runner = SimpleNamespace(model=model, optim_wrapper=OptimWrapper(optimizer), iter=first)
    hook = BackboneWarmupHook(steps)
    hook.before_train(runner)
    for _ in range(iterations):
        model.train()
        hook.before_train_iter(runner, 0)
        loss = model.head(model.backbone(torch.rand(4, 3))).square().sum()
        runner.optim_wrapper.update_params(loss)
        runner.iter += 1
    return model


def changed(model):
    """Names of the parts that differ from the start."""
    start = network().state_dict()
    return {key.split('.')[0] for key, value in model.state_dict().items()
            if (value != start[key]).any()}  # fmt: skip


@pytest.mark.parametrize(
    ('iterations', 'first', 'expected'),
    [(2, 0, {'head'}), (3, 0, {'head', 'backbone'}), (1, 5, {'head', 'backbone'})],
    ids=['during', 'after', 'resumed after'],
)
def test_weight_decay_does_not_move_what_waits(iterations, first, expected):
    assert changed(run(iterations, 2, first)) == expected


def test_a_resumed_run_keeps_waiting():
    assert changed(run(1, 2, first=1)) == {'head'}


def test_batch_norms_normalise_by_their_statistics_until_then():
    waiting, released = run(2, 2), run(3, 2)
    assert not waiting.backbone[1].training and released.backbone[1].training
    assert not waiting.backbone[1].num_batches_tracked
    assert released.backbone[1].num_batches_tracked == 1


def test_epochs_without_model_train_release_the_norms():
    """By epochs, mmengine calls model.train() once per epoch."""
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), 1e-2)
    runner = SimpleNamespace(model=model, optim_wrapper=OptimWrapper(optimizer), iter=0)
    hook = BackboneWarmupHook(1)
    hook.before_train(runner)
    modes = []
    for runner.iter in range(3):
        hook.before_train_iter(runner, 0)
        modes.append(model.backbone[1].training)
    assert modes == [False, True, True]


def test_steps_below_one():
    with pytest.raises(ConfigError, match='at least 1, got 0: leave out the hook'):
        BackboneWarmupHook(0)


def test_several_optimizers():
    model = network()
    wrapper = OptimWrapper(torch.optim.SGD(model.parameters(), 1e-2))
    runner = SimpleNamespace(model=model, optim_wrapper=OptimWrapperDict(a=wrapper), iter=0)
    with pytest.raises(ConfigError, match='one optimizer'):
        BackboneWarmupHook(1).before_train(runner)
