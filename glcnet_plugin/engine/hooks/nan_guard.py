"""Keep NaN and infinity out of the weights, and record their origin."""

import json
import math
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from glcnet_plugin.engine.utils import is_accumulating
from glcnet_plugin.errors import ConfigError, NonFiniteError
from glcnet_plugin.registry import HOOKS

COUNT = 'train/skipped_steps'


@HOOKS.register_module()
class NaNGuardHook(Hook):
    """Stop at NaN or infinite losses or gradients, or skip such iterations.

    A step with such gradients is never taken: the weights and the state of the optimizer stay
    unchanged. ``nonfinite_iter12_rank0.json`` in the work dir then records losses, images of the
    batch, seed, learning rate, scale of AMP and embedding metrics.

    Under fp16 the scaler of AMP skips steps with infinite gradients itself, as it should. They are
    counted in ``skipped_steps`` of the log, beside the ``loss_scale``.

    If gradients are accumulated over iterations, those before a bad one, for the same step, are
    dropped with it; those after it make the step.

    Args:
        max_skips: Consecutive iterations that may be skipped, with the buffers (statistics of
            batch normalisation) unchanged; one more stops the run. 0 stops at the first.

    Raises:
        ConfigError: If ``max_skips`` is negative.
        NonFiniteError: During training.
    """

    priority = 'ABOVE_NORMAL'  # before hooks that average the weights or log

    def __init__(self, max_skips: int = 0) -> None:
        if max_skips < 0:
            raise ConfigError(f'max_skips must be at least 0, got {max_skips}')
        self.max_skips = max_skips
        self.stepped = False  # whether the optimizer was asked for a step
        self.dropped = False
        self.in_a_row = 0
        self.skipped = 0
        self.buffers: list[Tensor] = []

    def before_train(self, runner: Runner) -> None:
        """Check the gradients before every step."""
        runner.optim_wrapper.optimizer.register_step_pre_hook(self._before_step)
        if runner.iter > 0 and COUNT in runner.message_hub.log_scalars:  # of a resumed run
            self.skipped = int(runner.message_hub.get_scalar(COUNT).current())

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Copy the buffers."""
        self.stepped = self.dropped = False
        if self.max_skips:
            self.buffers = [buffer.clone() for buffer in runner.model.buffers()]

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Count bad iterations, record what led to them, and stop or skip."""
        losses = {key: float(torch.as_tensor(v).detach()) for key, v in (outputs or {}).items()}
        bad = [f'{key} is {value}' for key, value in losses.items() if not math.isfinite(value)]
        if bad and is_accumulating(runner):
            self._drop_gradients(runner.optim_wrapper.optimizer)
        scale = amp_scale(runner)
        # the scaler skips the step if a gradient is not finite
        overflow = scale > 0 and not (self.stepped or is_accumulating(runner))
        dropped = self.dropped or overflow
        self.skipped += dropped
        if scale or self.skipped:
            runner.message_hub.update_scalar(COUNT, self.skipped)
        if scale:
            runner.message_hub.update_scalar('train/loss_scale', scale)
        if self.dropped and not bad:
            bad = ['gradients are not finite']
        if not bad:
            self.in_a_row = 0
            return
        self.in_a_row += 1
        path = Path(runner.work_dir) / f'nonfinite_iter{runner.iter + 1}_rank{get_rank()}.json'
        path.write_text(json.dumps(describe(runner, losses, data_batch), indent=1) + '\n')
        text = f'{", ".join(bad)} at iteration {runner.iter + 1}; details are in {path}'
        if self.in_a_row > self.max_skips:
            taken = 'No step was taken with it' if dropped else 'Its gradients were finite'
            raise NonFiniteError(
                f'{text}. {taken}. Usual causes: a learning rate that is too '
                'high, fp16 (bf16 has a wider range), images with NaN; '
                'NaNGuardHook(max_skips=10) skips single bad batches'
            )
        if not dropped:
            runner.logger.warning(f'{text}; its gradients were finite, the step was taken')
            return
        for buffer, before in zip(runner.model.buffers(), self.buffers, strict=True):
            buffer.copy_(before)
        runner.logger.warning(f'{text}; the iteration is skipped')

    def _before_step(self, optimizer: Any, _args: Any, _kwargs: Any) -> None:
        """Note the step, and check its gradients."""
        self.stepped = True
        self._drop_gradients(optimizer)

    def _drop_gradients(self, optimizer: Any) -> None:
        """Remove all gradients if one is not finite: a step without gradients does nothing."""
        parameters = [p for group in optimizer.param_groups for p in group['params']]
        # clips nothing: the largest gradient, computed with few kernels
        if not clip_grad_norm_(parameters, math.inf, norm_type=math.inf).isfinite():
            self.dropped = True
            for parameter in parameters:
                parameter.grad = None


def amp_scale(runner: Runner) -> float:
    """Factor of the loss under AMP; 0 without AMP."""
    scaler = getattr(runner.optim_wrapper, 'loss_scaler', None)
    return 0.0 if scaler is None else float(scaler.get_scale())


def describe(runner: Runner, losses: dict[str, float], data_batch: Any) -> dict[str, Any]:
    """What is needed to reproduce an iteration, in types of JSON."""
    samples = data_batch.get('data_samples') or [] if isinstance(data_batch, dict) else []
    inputs = data_batch.get('inputs', []) if isinstance(data_batch, dict) else []
    views = inputs if isinstance(inputs, list | tuple) else [inputs]
    scalars = runner.message_hub.log_scalars
    return {
        'iteration': runner.iter + 1,
        'epoch': runner.epoch + 1,
        'seed': runner.seed,
        'rank': get_rank(),
        'losses': {key: str(value) for key, value in losses.items()},  # JSON knows no NaN
        'learning_rate': runner.optim_wrapper.get_lr(),
        'loss_scale': amp_scale(runner),
        'images': [getattr(sample, 'img_path', None) for sample in samples],
        'finite_inputs': [bool(torch.isfinite(view).all()) for view in views],
        'embedding_metrics': {
            key.removeprefix('train/'): str(value.current())
            for key, value in scalars.items()
            if key.startswith('train/emb_')
        },
    }
