"""Compute convolutions in the memory format that is faster on CPUs and tensor cores."""

from itertools import chain

import torch
from mmengine.hooks import Hook
from mmengine.model import MMDistributedDataParallel, is_model_wrapper
from mmengine.runner import Runner

from glcnet_plugin.engine.mm_internals import compile_train_step
from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class ChannelsLastHook(Hook):
    """Store the 4-dimensional weights of a network with the channels last.

    The maps take over the format of the weights. Sums are formed in another order, so that
    results differ in the last digits. A checkpoint is the same in both formats. Weights of other
    dimensions, such as those of 3-D convolutions, stay as they are, as do networks in another
    wrapper than ``MMDistributedDataParallel``.
    """

    priority = 'LOW'

    def before_train(self, runner: Runner) -> None:
        """Convert the network that is initialised, loaded, wrapped and compiled.

        Not earlier: initialisers take views of the weights, which this format refuses.
        """
        if self._convert(runner):
            compile_train_step(runner)

    def before_val(self, runner: Runner) -> None:
        """Convert the network, where it is not trained before."""
        self._convert(runner)

    before_test = before_val

    def _convert(self, runner: Runner) -> bool:
        """Convert the network; whether it has a new wrapper, whose step is not compiled."""
        is_distributed = isinstance(runner.model, MMDistributedDataParallel)
        network = runner.model.module if is_distributed else runner.model
        if is_model_wrapper(network):
            return False
        is_changed = False
        # not network.to(memory_format=...), which refuses 5-dimensional tensors
        for tensor in chain(network.parameters(), network.buffers()):
            if tensor.dim() == 4:
                last = tensor.data.to(memory_format=torch.channels_last)
                is_changed |= last.stride() != tensor.stride()
                tensor.data = last
        if not is_distributed or not is_changed:
            return False
        # a compiled step would keep the wrapper alive, which reduces gradients until it is freed
        vars(runner.model).pop('train_step', None)
        # the wrapper keeps the strides that it was built with, and would mix up gradients
        runner.model = runner.wrap_model(runner.cfg.get('model_wrapper_cfg'), network)
        return True
