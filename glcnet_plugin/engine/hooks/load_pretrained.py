"""Start a fine-tuning from a pretrained checkpoint."""

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from glcnet_plugin.apis.checkpoint import SCOPES, load_pretrained
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class LoadPretrainedHook(Hook):
    """Load a part of a pretraining checkpoint before the first iteration.

    Stops when the scope is not matched completely, where MM's ``load_from`` only warns and
    trains from random weights. A resumed run keeps its own weights.

    Args:
        checkpoint: Path or address. None trains from scratch, and says so.
        scope: 'backbone', 'encoder' or 'encoder_decoder'; GLCNet fine-tunes from 'encoder'.
        inflate: Whether kernels for R, G, B may be inflated to the bands of this network.

    Raises:
        ConfigError: If the scope is unknown.
    """

    priority = 'VERY_HIGH'  # before hooks that copy the weights, such as EMA

    def __init__(
        self, checkpoint: str | None = None, scope: str = 'encoder', inflate: bool = False
    ) -> None:
        if scope not in SCOPES:
            raise ConfigError(f'scope must be one of {", ".join(SCOPES)}, got {scope!r}')
        self.checkpoint = checkpoint
        self.scope = scope
        self.inflate = inflate

    def before_train(self, runner: Runner) -> None:
        """Load the weights and log what was loaded."""
        if runner.iter > 0:
            runner.logger.info('resumed run: pretrained weights are not loaded again')
        elif self.checkpoint is None:
            runner.logger.info('no pretrained checkpoint: training starts from random weights')
        else:
            model = runner.model.module if is_model_wrapper(runner.model) else runner.model
            report = load_pretrained(model, self.checkpoint, self.scope, self.inflate)
            runner.logger.info(str(report))
            for text in report.warnings:
                advice = 'right if each sensor is normalised by its own statistics, else mend it'
                runner.logger.warning(f'{self.checkpoint}: {text} ({advice})')
