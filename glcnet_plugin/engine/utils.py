"""The state of a run, as hooks ask for it."""

from typing import Any

from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from torch import nn

from glcnet_plugin.models.heads import BranchOutput


def unwrap_model(runner: Runner) -> nn.Module:
    """Return the network of a run without the wrapper of distributed training."""
    model: nn.Module = runner.model.module if is_model_wrapper(runner.model) else runner.model
    return model


def branch_outputs(runner: Runner) -> dict[str, BranchOutput]:
    """Outputs of the contrastive heads in the last step, by the name of the branch.

    Empty for algorithms without such branches.
    """
    model: Any = unwrap_model(runner)
    return getattr(model, 'branch_outputs', {})


def is_accumulating(runner: Runner) -> bool:
    """Whether the last iteration left its gradients for a later optimizer step.

    See ``accumulative_counts`` of mmengine's ``OptimWrapper``. With multiple optimizers, each
    steps on its own schedule, and the answer is False.
    """
    multiple = isinstance(runner.optim_wrapper, OptimWrapperDict)
    return not multiple and not runner.optim_wrapper.should_update()
