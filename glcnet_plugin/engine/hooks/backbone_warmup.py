"""Train the new parts of a network alone before the backbone."""

from typing import Any

from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner

from glcnet_plugin.engine.hooks.freeze_norm import FreezeNormHook
from glcnet_plugin.engine.utils import unwrap_model
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class BackboneWarmupHook(FreezeNormHook):
    """Keep the backbone as it is during the first iterations, while the other parts learn.

    A random decoder would pull pretrained weights in directions that mean nothing; see Kumar et
    al., https://arxiv.org/abs/2202.10054, on fine-tuning. Batch norms of the backbone keep their
    statistics and normalise by them meanwhile. A resumed run goes on where it stopped.

    The gradients are computed, so that distributed training finds no unused parameter, and
    dropped before the step of the optimizer. With gradients or a learning rate of 0 instead,
    weight decay or the scheduler would move the weights.

    Args:
        steps: Iterations before the backbone learns.

    Raises:
        ConfigError: If ``steps`` is below 1; before training, if the run has more than one
            optimizer.
    """

    priority = 'ABOVE_NORMAL'  # before FreezeNormHook, which may hold for longer

    def __init__(self, steps: int) -> None:
        if steps < 1:
            raise ConfigError(f'steps must be at least 1, got {steps}: leave out the hook for none')
        super().__init__()
        self.steps = steps

    def before_train(self, runner: Runner) -> None:
        """Let the optimizer pass over the backbone in the first iterations."""
        super().before_train(runner)
        if isinstance(runner.optim_wrapper, OptimWrapperDict):
            raise ConfigError('BackboneWarmupHook works with one optimizer: leave out the hook')
        self.backbone = unwrap_model(runner).get_submodule('backbone')
        parameters = list(self.backbone.parameters())

        def drop_gradients(*_: Any) -> None:
            if runner.iter < self.steps:
                for parameter in parameters:
                    parameter.grad = None

        runner.optim_wrapper.optimizer.register_step_pre_hook(drop_gradients)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Freeze the batch norms, or release them once."""
        if runner.iter < self.steps:
            super().before_train_iter(runner, batch_idx, data_batch)
        elif runner.iter == self.steps:
            self.backbone.train()
