import sys
from types import SimpleNamespace

import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import nn

from glcnet_plugin.engine.utils import is_accumulating, on_first_process, unwrap_model


def wrapper(**settings):
    return OptimWrapper(torch.optim.SGD(nn.Linear(1, 1).parameters(), lr=0.1), **settings)


def test_a_wrapper_is_taken_off_and_a_network_left_alone():
    network = nn.Linear(1, 1)
    for model in (network, nn.DataParallel(network)):
        assert unwrap_model(SimpleNamespace(model=model)) is network


def test_two_of_three_iterations_leave_their_gradients():
    optim_wrapper = wrapper(accumulative_counts=3)
    weight = optim_wrapper.param_groups[0]['params'][0]
    pending = []
    for _ in range(6):
        optim_wrapper.update_params(weight.square().sum())
        pending.append(is_accumulating(SimpleNamespace(optim_wrapper=optim_wrapper)))
    assert pending == [True, True, False, True, True, False]


def test_nothing_waits_without_accumulation_or_with_multiple_optimizers():
    for optim_wrapper in (wrapper(), OptimWrapperDict(one=wrapper(accumulative_counts=2))):
        assert not is_accumulating(SimpleNamespace(optim_wrapper=optim_wrapper))


def test_the_first_process_acts_and_fails_as_itself():
    done = []
    on_first_process(lambda: done.append(1), 'it')
    assert done == [1]
    with pytest.raises(ZeroDivisionError):
        on_first_process(lambda: 1 / 0, 'it')


CHILD = """
import torch
from glcnet_plugin.engine.cpu_launch import leave_group
from glcnet_plugin.engine.utils import on_first_process

torch.distributed.init_process_group('gloo')
on_first_process(lambda: print('ACTED'), 'it')
try:
    on_first_process(lambda: 1 / 0, 'the sum')
except Exception as error:
    print(type(error).__name__, error)
leave_group()
"""


def test_the_others_wait_and_fail_with_it(run_ranks):
    first, second = run_ranks(2, [sys.executable, '-c', CHILD])
    assert 'ACTED' in first and 'ZeroDivisionError division by zero' in first
    assert 'ACTED' not in second and 'DataError the sum failed in the first process' in second
