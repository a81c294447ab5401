"""Resume from, or score, a checkpoint that is whole and belongs to the run."""

from pathlib import Path
from typing import Any

from mmengine.dist import all_gather_object
from mmengine.hooks import Hook
from mmengine.runner import BaseLoop, Runner

from glcnet_plugin.checkpoints.latest import is_complete, latest_checkpoint
from glcnet_plugin.engine.utils import unwrap_model
from glcnet_plugin.errors import CheckpointMismatchError, DataError
from glcnet_plugin.registry import HOOKS
from glcnet_plugin.utils.config_diff import differing_keys

MAX_LISTED = 20  # differences, at most


@HOOKS.register_module()
class ResumeCheckHook(Hook):
    """Choose the checkpoint of a resumed run, and compare it with the run.

    mmengine takes the file that ``last_checkpoint`` names, even if it is cut off, and loads what
    fits of it. Here the newest whole one is taken, loudly if that is not the newest; a checkpoint
    of another network is refused, for scoring too; and the settings in which the two runs differ
    are listed.

    Raises:
        DataError: If no checkpoint is whole, the given one is not or is not there, or processes
            see different ones.
        CheckpointMismatchError: If it does not fit the network, or holds no training.
    """

    def before_run(self, runner: Runner) -> None:
        """Choose the checkpoint."""
        given = runner._load_from
        if not runner._resume or runner._has_loaded:
            return
        if given is not None:
            if '://' not in given and not Path(given).is_file():
                raise DataError(f'there is no {given} to resume from: give its whole path')
            if '://' not in given and not is_complete(given):
                raise DataError(f'{given} is damaged or cut off: --resume without a name takes the '
                                'newest whole checkpoint of the work dir')  # fmt: skip
            return
        chosen, damaged = latest_checkpoint(runner.work_dir)
        if len(found := set(all_gather_object(chosen))) > 1:
            raise DataError(
                f'the processes would resume from different checkpoints, {sorted(map(str, found))}:'
                f' the work dir {runner.work_dir} has to be a folder that all machines share'
            )
        if chosen is None and damaged:
            raise DataError(
                f'{runner.work_dir} holds no whole checkpoint to resume from; damaged or gone: '
                f'{", ".join(damaged)}. Remove them and start anew without --resume'
            )
        if damaged:
            runner.logger.warning(
                f'damaged or gone: {", ".join(damaged)}. Resumed from the one before: {chosen}'
            )
        runner._load_from = chosen  # what load_or_resume reads next

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Compare the checkpoint with the run."""
        scoring = isinstance(runner._test_loop, BaseLoop) and not isinstance(
            runner._train_loop, BaseLoop
        )
        if not runner._resume and not scoring:
            return
        meta = checkpoint.get('meta', {})
        if not scoring and ('iter' not in meta or 'optimizer' not in checkpoint):
            raise CheckpointMismatchError(
                'a training is resumed from a checkpoint with the state of its optimizer; this '
                'one has weights only: start from it with --pretrained'
            )
        differences = differing_keys(meta.get('cfg', ''), runner.cfg.pretty_text)
        text = '\n  '.join(differences[:MAX_LISTED])
        if len(differences) > MAX_LISTED:
            text += f'\n  and {len(differences) - MAX_LISTED} more'
        weights = checkpoint.get('state_dict', checkpoint)
        ours, theirs = shapes(unwrap_model(runner).state_dict()), shapes(weights)
        if ours != theirs:
            keys = sorted(dict(ours.items() ^ theirs.items()))
            purpose = 'score' if scoring else 'resume from'
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
