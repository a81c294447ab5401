"""Notice when all embeddings become alike."""

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import Runner

from glcnet_plugin.engine.hooks.embedding_metrics import BRANCHES, EmbeddingMetricsHook
from glcnet_plugin.engine.utils import unwrap_model
from glcnet_plugin.errors import CollapseError, ConfigError
from glcnet_plugin.registry import HOOKS


@HOOKS.register_module()
class CollapseGuardHook(Hook):
    """Warn or stop when a branch collapses; reads what :class:`EmbeddingMetricsHook` logs.

    Args:
        action: 'warn' or 'stop'.
        min_spread: A spread below this counts as a collapse to one direction; 1 is even.
        min_rank: An effective rank below this counts as a collapse to a line.
        patience: Looks in a row that must agree; a network may pass through a bad moment.
        begin: Iterations before the first look that counts: random weights give embeddings that
            are much alike, and a healthy run spreads them first.

    Raises:
        ConfigError: If the action is unknown, ``patience`` is below 1, or there is no
            EmbeddingMetricsHook.
        CollapseError: During training, with ``action='stop'``.
    """

    priority = 'BELOW_NORMAL'  # after EmbeddingMetricsHook

    def __init__(
        self,
        action: str = 'warn',
        min_spread: float = 0.1,
        min_rank: float = 1.5,
        patience: int = 3,
        begin: int = 500,
    ) -> None:
        if action not in ('warn', 'stop'):
            raise ConfigError(f"action must be 'warn' or 'stop', got {action!r}")
        if patience < 1:
            raise ConfigError(f'patience must be at least 1, got {patience}')
        self.action = action
        self.limits = {'spread': min_spread, 'rank': min_rank}
        self.patience = patience
        self.begin = begin
        self.bad = dict.fromkeys(BRANCHES, 0)
        self.interval = 0

    def before_train(self, runner: Runner) -> None:
        """Find the hook whose numbers are read."""
        found = [hook for hook in runner.hooks if isinstance(hook, EmbeddingMetricsHook)]
        if not found:
            raise ConfigError(
                'CollapseGuardHook reads what glcnet_plugin.EmbeddingMetricsHook logs: add that '
                'hook to the config'
            )
        self.interval = found[0].interval

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Judge the last look; in the first iteration, see that there is something to learn."""
        if runner.iter == 0:
            weights = getattr(unwrap_model(runner), 'weights', {})  # a branch of weight 0 may idle
            idle = [name for name in BRANCHES if weights.get(name, 1) > 0
                    and float((outputs or {}).get(f'chance_{name}', 1)) == 0]  # fmt: skip
            for name in idle:
                self._say(
                    runner,
                    f'the {name} branch has nothing to learn: no item of '
                    'the first batch has a negative. Do all images belong to one scene, with '
                    "exclude='scene', or is the batch size 1?",
                )
        if runner.iter < self.begin or not self.every_n_train_iters(runner, self.interval):
            return
        for branch in BRANCHES:
            low = self._low(runner, branch)
            self.bad[branch] = self.bad[branch] + 1 if low else 0
            if self.bad[branch] == self.patience:
                text = (
                    f'the {branch} branch has collapsed: {", ".join(low)} in {self.patience} '
                    f'looks in a row, at iteration {runner.iter + 1}. Its embeddings no longer '
                    'tell items apart. Try a lower learning rate, a larger batch, or stronger '
                    'augmentation; docs/monitoring.md shows what is normal'
                )
                self._say(runner, text)

    def _say(self, runner: Runner, text: str) -> None:
        """Warn or stop."""
        if self.action == 'stop':
            raise CollapseError(text)
        runner.logger.warning(text)

    def _low(self, runner: Runner, branch: str) -> list[str]:
        """Which numbers of a branch lie below their limits."""
        found = []
        for name, limit in self.limits.items():
            key = f'train/health_{branch}_{name}'
            if key in runner.message_hub.log_scalars:
                value = runner.message_hub.get_scalar(key).current()
                if value < limit:
                    found.append(f'{name} {value:.3f} < {limit}')
        return found
