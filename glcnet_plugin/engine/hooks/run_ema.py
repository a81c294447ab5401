"""Average the weights over the steps, and score the average in the test of the same run too."""

from mmengine.hooks import EMAHook
from mmengine.runner import Runner

from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class RunEMAHook(EMAHook):
    """mmengine's ``EMAHook``, whose average outlives the training.

    ``Runner.test`` calls ``before_run`` once more, where mmengine replaces the average by the
    last weights: a test after a training in one run would score those.

    Args:
        kwargs: As of ``EMAHook``: ``momentum`` is the share of the new weights in each step, the
            average is over about 1 / momentum steps; ``update_buffers=True`` averages statistics
            of batch normalisation too.
    """

    def before_run(self, runner: Runner) -> None:
        """Copy the network, unless there is a copy."""
        if not hasattr(self, 'ema_model'):
            super().before_run(runner)
