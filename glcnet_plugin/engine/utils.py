"""The state of a run, as hooks ask for it."""

from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from torch import nn


def unwrap_model(runner: Runner) -> nn.Module:
    """Return the network of a run without the wrapper of distributed training."""
    model: nn.Module = runner.model.module if is_model_wrapper(runner.model) else runner.model
    return model


def is_accumulating(runner: Runner) -> bool:
    """Whether the last iteration left its gradients for a later optimizer step.

    See ``accumulative_counts`` of mmengine's ``OptimWrapper``. With several optimizers, each steps
    on its own schedule, and the answer is False.
    """
    multiple = isinstance(runner.optim_wrapper, OptimWrapperDict)
    return not multiple and not runner.optim_wrapper.should_update()
