from types import SimpleNamespace

import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import nn

from glcnet_plugin.engine.accumulation import gradients_wait


def wrapper(**settings):
    return OptimWrapper(torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1), **settings)


def test_two_of_three_iterations_leave_their_gradients():
    optim_wrapper = wrapper(accumulative_counts=3)
    weight = optim_wrapper.param_groups[0]['params'][0]
    found = []
    for _ in range(6):
        optim_wrapper.update_params(weight.square().sum())
        found.append(gradients_wait(SimpleNamespace(optim_wrapper=optim_wrapper)))
    assert found == [True, True, False, True, True, False]


def test_nothing_waits_without_accumulation_or_with_several_optimizers():
    for optim_wrapper in (wrapper(), OptimWrapperDict(one=wrapper(accumulative_counts=2))):
        assert not gradients_wait(SimpleNamespace(optim_wrapper=optim_wrapper))
