"""Keep the statistics of batch normalisation as they are during training."""

from collections.abc import Sequence
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import nn

from glcnet_plugin.engine.utils import unwrap_model
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.utils.batch_norm import batch_norms
from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class FreezeNormHook(Hook):
    """Train with the running statistics of batch normalisation in place of those of the batch.

    The statistics stay those of the pretraining, or of :class:`RecalibrateBNHook`: the batches
    of a few labelled tiles would replace them by their own. Scale and shift are trained. Other
    than ``norm_eval`` of MM, for every backbone, and for other parts.

    Args:
        modules: Names of the parts of the network whose layers these are.

    Raises:
        ConfigError: Before training, if the network has no part of such a name.
    """

    def __init__(self, modules: Sequence[str] = ('backbone',)) -> None:
        self.modules = modules
        self.layers: list[nn.Module] = []

    def before_train(self, runner: Runner) -> None:
        """Find the layers."""
        model = unwrap_model(runner)
        for name in self.modules:
            try:
                part = model.get_submodule(name)
            except AttributeError as error:
                names = ', '.join(key for key, _ in model.named_children())
                text = f'{type(model).__name__} has no part {name!r} to freeze; it has {names}'
                raise ConfigError(text) from error
            self.layers += batch_norms(part)

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Switch them to evaluation; every iteration or epoch begins with ``model.train()``."""
        for layer in self.layers:
            layer.eval()
