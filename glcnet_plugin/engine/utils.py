"""The state of a run, as hooks ask for it."""

from collections.abc import Callable
from typing import Any

from mmengine.dist import broadcast_object_list, is_main_process
from mmengine.model import is_model_wrapper
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from torch import nn

from glcnet_plugin.errors import DataError
from glcnet_plugin.models.heads import BranchOutput
from glcnet_plugin.utils.cli import error_message


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


def on_first_process(action: Callable[[], None], name: str) -> None:
    """Do something on the first process while the others wait; an error ends all of them.

    Args:
        action: What to do; it must not communicate with other processes.
        name: What to call it in errors.

    Raises:
        DataError: In the others, if it failed in the first one.
    """
    failure: Exception | None = None
    if is_main_process():
        try:
            action()
        except Exception as error:  # of any kind, or the others would wait forever
            failure = error
    texts = [None if failure is None else error_message(failure)]
    broadcast_object_list(texts)
    if failure is not None:
        raise failure
    if texts[0] is not None:
        raise DataError(f'{name} failed in the first process: {texts[0]}')
