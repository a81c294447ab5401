"""Check a run before its first step, however it is started."""

from mmengine.hooks import Hook
from mmengine.runner import Runner

from glcnet_plugin.engine import mm_internals
from glcnet_plugin.engine.preflight import check_training, score_singly_if_sizes_differ
from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class PreflightHook(Hook):
    """Find at the start what would end a run later: see :mod:`glcnet_plugin.engine.preflight`.

    ``tools/train.py`` makes the same checks before the optimizer is built.

    Raises:
        ConfigError: If settings do not fit each other.
        DataError: If the images do not fill a batch.
    """

    def before_run(self, runner: Runner) -> None:
        """Check; score images one by one if their sizes differ."""
        training, *scoring = mm_internals.built_loops(runner)
        if training is not None:
            check_training(runner)
        for loop in scoring:
            if loop is not None:
                score_singly_if_sizes_differ(loop.dataloader)
