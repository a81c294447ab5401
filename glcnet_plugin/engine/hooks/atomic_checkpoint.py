"""Checkpoints that survive a kill or a full disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from mmengine.hooks import CheckpointHook
from mmengine.runner import Runner

from glcnet_plugin.engine.mm_internals import default_greater_keys
from glcnet_plugin.errors import ConfigError, StorageError
from glcnet_plugin.evaluation.confusion import SUMMARY
from glcnet_plugin.registry import HOOKS
from glcnet_plugin.utils.atomic_io import ATOMIC_BACKEND


@HOOKS.register_module()
class AtomicCheckpointHook(CheckpointHook):
    """mmengine's ``CheckpointHook``, whose files are complete or absent.

    mmengine overwrites a checkpoint in place, and removes an old or formerly best one before it
    writes the next: with ``max_keep_ckpts=1`` a kill or a full disk leaves none. Here a checkpoint
    gets its name when it is complete, and old ones are removed after that. So the disk needs room
    for one more than ``max_keep_ckpts``.

    ``save_best`` takes the scores of :class:`RSSegMetric` without their prefix, too: 'mIoU' for
    'seg/mIoU'.

    Args:
        kwargs: As of ``CheckpointHook``.

    Raises:
        ConfigError: During training, if there is no score of the name that ``save_best`` gives.
        StorageError: During training, if a checkpoint cannot be written.
    """

    def __init__(self, **kwargs: Any) -> None:
        defaults = {
            'backend_args': {'backend': ATOMIC_BACKEND},
            'greater_keys': [*SUMMARY, *default_greater_keys()],
        }
        super().__init__(**{**defaults, **kwargs})

    def _save_checkpoint_with_step(self, runner: Runner, step: int, meta: dict[str, Any]) -> None:
        """Write a checkpoint, then remove what is too old."""
        with self._write_first(runner):
            super()._save_checkpoint_with_step(runner, step, meta)

    def _save_best_checkpoint(self, runner: Runner, metrics: dict[str, float]) -> None:
        """Write a checkpoint that is the best so far, then remove the previous best."""
        short = {key.rpartition('/')[2]: value for key, value in metrics.items()}
        unknown = {*((self.save_best and self.key_indicators) or ())} - {'auto', *short, *metrics}
        if unknown:
            raise ConfigError(
                f'save_best={min(unknown)!r} is no score of the validation: choose one of '
                f'{", ".join(metrics)}'
            )
        with self._write_first(runner):
            super()._save_best_checkpoint(runner, metrics | {**short, **metrics})

    @contextmanager
    def _write_first(self, runner: Runner) -> Iterator[None]:
        """Remove files at the end only, if all writing has succeeded."""
        backend: Any = self.file_backend
        late: list[str] = []
        remove, backend.remove = backend.remove, late.append
        try:
            yield
        except OSError as error:
            if isinstance(error, StorageError):
                raise
            raise StorageError(f'{runner.work_dir}: {error.strerror or error}') from error
        finally:
            backend.remove = remove
        for path in late:
            remove(path)
