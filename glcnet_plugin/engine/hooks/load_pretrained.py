"""Start a training from pretrained weights."""

from collections.abc import Sequence

from mmengine.hooks import Hook
from mmengine.runner import Runner

from glcnet_plugin.checkpoints.loading import load_pretrained, scope_filter
from glcnet_plugin.engine.utils import unwrap_model
from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class LoadPretrainedHook(Hook):
    """Load a part of a checkpoint before the first iteration, in pretraining and fine-tuning.

    Stops if the scope is not matched completely, where MM's ``load_from`` only warns and trains
    from random weights. A resumed run keeps its own weights.

    Args:
        checkpoint: Path or address, see :func:`glcnet_plugin.checkpoints.safe_load.read_weights`.
            None trains from random weights, which the log says.
        scope: 'backbone', 'encoder' or 'encoder_decoder'; GLCNet fine-tunes from 'encoder'.
        inflate: Whether kernels for R, G, B may be inflated to the bands of this network.
        allow_missing: Starts of keys that the file need not have, such as ``'backbone.norm0.'``
            of a classifier.

    Raises:
        ConfigError: If the scope is unknown.
    """

    priority = 'VERY_HIGH'  # before hooks that copy the weights, such as EMA

    def __init__(
        self,
        checkpoint: str | None = None,
        scope: str = 'encoder',
        inflate: bool = False,
        allow_missing: Sequence[str] = (),
    ) -> None:
        scope_filter((), scope)  # refuses an unknown scope
        self.checkpoint = checkpoint
        self.scope = scope
        self.inflate = inflate
        self.allow_missing = allow_missing

    def before_train(self, runner: Runner) -> None:
        """Load the weights and log what was loaded."""
        if runner.iter > 0:
            runner.logger.info('resumed run: it keeps its weights, none are loaded')
        elif self.checkpoint is None:
            runner.logger.info('no checkpoint to start from: training starts from random weights')
        else:
            report = load_pretrained(
                unwrap_model(runner), self.checkpoint, self.scope, self.inflate, self.allow_missing
            )
            runner.logger.info(str(report))
            for text in report.warnings:
                runner.logger.warning(f'{self.checkpoint}: {text}')
