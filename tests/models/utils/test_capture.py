import pytest
import torch
from torch import nn

from glcnet_plugin.models.utils import capture_input, capture_output


def test_collects_outputs_while_open_only():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    with capture_output(net[0]) as outputs:
        net(torch.ones(1, 2))
    net(torch.ones(1, 2))
    assert len(outputs) == 1 and outputs[0].shape == (1, 3)


def test_hook_is_removed_after_an_error():
    layer = nn.Linear(2, 3)
    with pytest.raises(RuntimeError), capture_output(layer):
        layer(torch.ones(1, 5))
    assert not layer._forward_hooks


def test_collects_inputs():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    with capture_input(net[1]) as inputs:
        output = net(torch.ones(1, 2))
    net(torch.ones(1, 2))
    assert len(inputs) == 1 and torch.equal(inputs[0].relu(), output)
