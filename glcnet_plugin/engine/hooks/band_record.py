"""Write names and statistics of the bands into every checkpoint."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner

from glcnet_plugin.apis.bands import band_record
from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class BandRecordHook(Hook):
    """Put ``meta['bands']`` (names, mean, std) into checkpoints.

    A fine-tuning that loads one warns when it normalises differently.
    """

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Add the record."""
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        checkpoint['meta']['bands'] = band_record(model)
