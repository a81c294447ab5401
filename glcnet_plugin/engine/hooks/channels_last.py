"""Compute convolutions in the memory format that is faster on CPUs and tensor cores."""

from itertools import chain

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Store the 4-dimensional weights of a network with the channels last.

    The maps take over the format of the weights. Sums are formed in another order, so that
    results differ in the last digits. A checkpoint is the same in both formats. Weights of other
    dimensions, such as those of 3-D convolutions, stay as they are.
    """

    priority = 'LOW'  # after weights were loaded

    def before_train(self, runner: Runner) -> None:
        """Convert the network."""
        # not model.to(memory_format=...), which refuses 5-dimensional tensors
        for tensor in chain(runner.model.parameters(), runner.model.buffers()):
            if tensor.dim() == 4:
                tensor.data = tensor.data.contiguous(memory_format=torch.channels_last)
