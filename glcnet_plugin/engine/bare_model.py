"""The network itself."""

from mmengine.model import is_model_wrapper
from mmengine.runner import Runner
from torch import nn


def bare_model(runner: Runner) -> nn.Module:
    """The network of a run without the wrapper of distributed training."""
    model: nn.Module = runner.model.module if is_model_wrapper(runner.model) else runner.model
    return model
