"""Compute convolutions in the memory format that is faster on CPUs and tensor cores."""

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner

from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Store the 4-dimensional weights of a network with the channels last.

    The maps take over the format of the weights. Sums are formed in another order, so that
    results differ in the last digits. A checkpoint is the same in both formats.
    """

    priority = 'LOW'  # after weights were loaded

    def before_train(self, runner: Runner) -> None:
        """Convert the network."""
        runner.model.to(memory_format=torch.channels_last)
