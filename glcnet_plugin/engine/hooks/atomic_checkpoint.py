"""Checkpoints that a kill or a full disk does not take away."""

from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from glcnet_plugin.errors import StorageError
from glcnet_plugin.registry import HOOKS
from glcnet_plugin.utils.atomic_io import ATOMIC_BACKEND


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """mmengine's ``CheckpointHook``, with files that are whole or not there.

    mmengine overwrites a checkpoint in place, and removes the oldest one before it writes the
    next: with ``max_keep_ckpts=1`` a kill or a full disk leaves none. Here a checkpoint gets its
    name when it is complete, and the oldest one goes after that. So there has to be room for one
    more than ``max_keep_ckpts``.

    Args:
        kwargs: As of ``CheckpointHook``.

    Raises:
        StorageError: During training, if a checkpoint cannot be written.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{'backend_args': {'backend': ATOMIC_BACKEND}, **kwargs})
        self.kept = self.max_keep_ckpts
        if self.kept > 0:
            self.max_keep_ckpts += 1  # what super() removes before it writes is gone already

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict[str, Any]) -> None:
        """Write, then remove what is too old."""
        try:
            super()._save_checkpoint_with_step(runner, step, meta)
        except OSError as error:
            if isinstance(error, StorageError):
                raise
            raise StorageError(f'{runner.work_dir}: {error.strerror or error}') from error
        if self.kept > 0 and len(self.keep_ckpt_ids) > self.kept and is_main_process():
            oldest = self.filename_tmpl.format(self.keep_ckpt_ids[0])
            path = self.file_backend.join_path(self.out_dir, oldest)
            if self.file_backend.isfile(path):
                self.file_backend.remove(path)
