"""Detect a collapse of the embeddings."""

from collections import Counter
from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from glcnet_plugin.engine.hooks.embedding_metrics import EmbeddingMetricsHook
from glcnet_plugin.engine.utils import branch_outputs, unwrap_model
from glcnet_plugin.errors import CollapseError, ConfigError
from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class CollapseGuardHook(Hook):
    """Warn or stop when a branch collapses; reads what :class:`EmbeddingMetricsHook` logs.

    Args:
        action: 'warn' or 'stop'.
        min_std: A ``std`` below this counts as a collapse to one direction; 1 is even.
        min_effective_rank: An ``effective_rank`` below this counts as a collapse to a line.
        patience: Consecutive measurements below a limit before the hook acts.
        begin: Iterations before the first measurement that counts: the embeddings of random
            weights are similar to each other, and a healthy run separates them first.

    Raises:
        ConfigError: If the action is unknown, ``patience`` is below 1, or there is no
            EmbeddingMetricsHook.
        CollapseError: During training, with ``action='stop'``.
    """

    priority = 'BELOW_NORMAL'  # after EmbeddingMetricsHook

    def __init__(
        self,
        action: str = 'warn',
        min_std: float = 0.1,
        min_effective_rank: float = 1.5,
        patience: int = 3,
        begin: int = 500,
    ) -> None:
        if action not in ('warn', 'stop'):
            raise ConfigError(f"action must be 'warn' or 'stop', got {action!r}")
        if patience < 1:
            raise ConfigError(f'patience must be at least 1, got {patience}')
        self.action = action
        self.limits = {'std': min_std, 'effective_rank': min_effective_rank}
        self.patience = patience
        self.begin = begin
        self.low_in_a_row: Counter[str] = Counter()
        self.interval = 0

    def before_train(self, runner: Runner) -> None:
        """Get the interval of the hook that measures."""
        sources = [hook for hook in runner.hooks if isinstance(hook, EmbeddingMetricsHook)]
        if not sources:
            raise ConfigError(
                'CollapseGuardHook reads what glcnet_plugin.EmbeddingMetricsHook logs: add that '
                'hook to the config'
            )
        self.interval = sources[0].interval

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Judge the last measurement; in the first iteration, check that negatives exist."""
        if runner.iter == 0:
            self._check_negatives(runner)
        if runner.iter < self.begin or not self.every_n_train_iters(runner, self.interval):
            return
        for branch in branch_outputs(runner):
            low = self._low(runner, branch)
            self.low_in_a_row[branch] = self.low_in_a_row[branch] + 1 if low else 0
            if self.low_in_a_row[branch] == self.patience:
                self._act(
                    runner,
                    f'the {branch} branch has collapsed: {", ".join(low)} in {self.patience} '
                    f'consecutive measurements, at iteration {runner.iter + 1}. Its embeddings no '
                    'longer tell items apart. Try a lower learning rate, a larger batch, or '
                    'stronger augmentation; docs/monitoring.md shows what is normal',
                )

    def _check_negatives(self, runner: Runner) -> None:
        """Act if no item of a branch with a weight has a negative."""
        weights = getattr(unwrap_model(runner), 'branch_weights', {})
        for branch, output in branch_outputs(runner).items():
            known = output.chance is not None and weights.get(branch, 1) > 0
            if known and float(output.chance) == 0:  # type: ignore[arg-type]
                self._act(
                    runner,
                    f'the {branch} branch has nothing to learn: no item of '
                    'the first batch has a negative. Do all images belong to one scene, with '
                    "exclude='scene', or is the batch size 1?",
                )

    def _act(self, runner: Runner, text: str) -> None:
        """Warn or stop."""
        if self.action == 'stop':
            raise CollapseError(text)
        runner.logger.warning(text)

    def _low(self, runner: Runner, branch: str) -> list[str]:
        """The metrics of a branch that lie below their limits."""
        low = []
        for name, limit in self.limits.items():
            key = f'train/emb_{branch}_{name}'
            if key in runner.message_hub.log_scalars:
                value = runner.message_hub.get_scalar(key).current()
                if value < limit:
                    low.append(f'{name} {value:.3f} < {limit}')
        return low
