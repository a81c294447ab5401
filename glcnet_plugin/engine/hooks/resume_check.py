"""Check that a run resumes from, or tests, a complete checkpoint of its own network."""

import time
from pathlib import Path
from typing import Any

from mmengine.dist import all_gather_object
from mmengine.hooks import Hook
from mmengine.runner import Runner

from glcnet_plugin.checkpoints.latest import WRITTEN, is_complete, latest_checkpoint
from glcnet_plugin.checkpoints.loading import refuse_nan
from glcnet_plugin.checkpoints.mm_reader import use_safe_reader
from glcnet_plugin.engine import mm_internals
from glcnet_plugin.engine.utils import unwrap_model
from glcnet_plugin.errors import CheckpointMismatchError, DataError
from glcnet_plugin.registry import HOOKS
from glcnet_plugin.utils.config_diff import differing_keys

MAX_LISTED = 20  # differences, at most


@HOOKS.register_module()
class ResumeCheckHook(Hook):
    """Choose the checkpoint of a resumed run, and compare it with the run.

    mmengine takes the file that ``last_checkpoint`` names, even if it is truncated, and loads the
    tensors that fit. This hook takes the last one that was written completely, with a warning if
    later ones are damaged; refuses a checkpoint of another network, also for testing; and lists the
    settings in which the two runs differ.

    mmengine also executes what a checkpoint contains: as soon as this hook is built, it reads with
    the safe reader, see :func:`glcnet_plugin.checkpoints.mm_reader.use_safe_reader`.

    Raises:
        DataError: If no checkpoint is complete, the given one is damaged or missing, holds NaN or
            more than a checkpoint does, or the processes see different ones.
        CheckpointMismatchError: If it does not fit the network, or holds weights only.
    """

    def __init__(self) -> None:
        use_safe_reader()

    def before_run(self, runner: Runner) -> None:
        """Choose the checkpoint."""
        if not mm_internals.is_resumed(runner) or mm_internals.has_loaded(runner):
            return
        given = mm_internals.checkpoint_to_load(runner)
        if given is not None:
            if '://' not in given and not Path(given).is_file():
                raise DataError(f'there is no {given} to resume from: give its whole path')
            if '://' not in given and not is_complete(given):
                raise DataError(f'{given} is damaged or truncated: --resume without a name takes '
                                'the newest complete checkpoint of the work dir')  # fmt: skip
            return
        chosen, damaged = latest_checkpoint(runner.work_dir)
        if len(choices := set(all_gather_object(chosen))) > 1:
            raise DataError(
                'the processes would resume from different checkpoints, '
                f'{sorted(map(str, choices))}: the work dir {runner.work_dir} has to be a folder '
                'that all machines share'
            )
        if chosen is None and damaged:
            raise DataError(
                f'{runner.work_dir} holds no complete checkpoint to resume from; damaged '
                f'or missing: {", ".join(damaged)}. Remove them and start again without --resume'
            )
        if damaged:
            runner.logger.warning(
                f'damaged or missing: {", ".join(damaged)}. Resuming from the previous one: '
                f'{chosen}'
            )
        if chosen is not None and Path(chosen).resolve().parent != Path(runner.work_dir).resolve():
            runner.logger.warning(
                f'resuming from {chosen}, outside of the work dir {runner.work_dir}: its '
                'last_checkpoint names this file'
            )
        mm_internals.set_checkpoint_to_load(runner, chosen)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Record the time, by which the last checkpoint is known."""
        checkpoint['meta'][WRITTEN] = time.time()

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Refuse NaN, and compare the checkpoint with the run."""
        weights = checkpoint.get('state_dict', checkpoint)
        refuse_nan(weights, f'{mm_internals.checkpoint_to_load(runner)}')
        scoring = mm_internals.is_test_only(runner)
        if not mm_internals.is_resumed(runner) and not scoring:
            return
        meta = checkpoint.get('meta', {})
        if not scoring and ('iter' not in meta or 'optimizer' not in checkpoint):
            raise CheckpointMismatchError(
                'resuming needs a checkpoint with the state of the optimizer; this one has weights '
                'only: start from it with --pretrained'
            )
        differences = differing_keys(meta.get('cfg', ''), runner.cfg.pretty_text)
        text = '\n  '.join(differences[:MAX_LISTED])
        if len(differences) > MAX_LISTED:
            text += f'\n  and {len(differences) - MAX_LISTED} more'
        ours, theirs = shapes(unwrap_model(runner).state_dict()), shapes(weights)
        if ours != theirs:
            keys = sorted(dict(ours.items() ^ theirs.items()))
            purpose = 'test' if scoring else 'resume from'
            raise CheckpointMismatchError(
                f'the checkpoint to {purpose} is of another network: {len(keys)} tensors '
                f'differ, such as {", ".join(keys[:3])}. To start a training from its weights, '
                f'use --pretrained. Settings, in the checkpoint -> now:\n  {text}'
            )
        if differences and not scoring:
            runner.logger.warning(f'settings, in the checkpoint -> now:\n  {text}')


def shapes(state: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor by name."""
    return {
        key.removeprefix('module.'): tuple(value.shape)
        for key, value in state.items()
        if hasattr(value, 'shape')
    }
