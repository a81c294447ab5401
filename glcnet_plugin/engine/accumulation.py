"""Gradients that are summed over several iterations before a step."""

from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner


def gradients_wait(runner: Runner) -> bool:
    """Whether the iteration that has just run made no step, but left its gradients for a later one.

    See ``accumulative_counts`` of mmengine's ``OptimWrapper``. Several optimizers step on their
    own, which this cannot know: False.
    """
    several = isinstance(runner.optim_wrapper, OptimWrapperDict)
    return not several and not runner.optim_wrapper.should_update()
