"""Log how a contrastive pretraining feels, from the first epoch on."""

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from glcnet_plugin.engine.utils import unwrap_model
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.geometry import view_overlap
from glcnet_plugin.models.utils.embedding_metrics import embedding_metrics
from glcnet_plugin.registry import HOOKS

BRANCHES = ('style', 'local')
# Embeddings looked at, at most: similarities grow with the square of their number.
MOST = 512


@HOOKS.register_module()
class EmbeddingMetricsHook(Hook):
    """Log the health of the embeddings of GLCNet every ``interval`` iterations.

    For each branch, ``health_style_rank`` and so on, see :func:`embedding_metrics`, of the
    embeddings of this process; ``health_regions``, the number of regions that count, and
    ``health_overlap``, the mean share of the ground of view 1 that view 2 shows too. The numbers
    go wherever the losses go: terminal, JSON, TensorBoard. Training is not touched.

    Args:
        interval: Iterations from one look to the next.

    Raises:
        ConfigError: If the interval is below 1.
    """

    priority = 'NORMAL'  # before LoggerHook, which writes what is there

    def __init__(self, interval: int = 50) -> None:
        if interval < 1:
            raise ConfigError(f'interval must be at least 1, got {interval}')
        self.interval = interval
        self.handles: list[Any] = []
        self.seen: dict[str, tuple[Any, ...]] = {}

    def before_train_iter(self, runner: Runner, batch_idx: int, data_batch: Any = None) -> None:
        """Listen to what the losses compare in this iteration."""
        if not self.every_n_train_iters(runner, self.interval):
            return
        model = unwrap_model(runner)
        for name in BRANCHES:
            head = getattr(model, f'{name}_head', None)
            if head is not None:
                handle = head.loss_module.register_forward_pre_hook(self._listener(name))
                self.handles.append(handle)

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Log the numbers of this iteration."""
        while self.handles:
            self.handles.pop().remove()
        for name, (z1, z2, *rest) in self.seen.items():
            valid = rest[1] if len(rest) > 1 else None
            if valid is not None:
                self._log(runner, 'regions', valid.sum())
                z1, z2 = z1[valid], z2[valid]
            if len(z1) > 1:
                for key, value in embedding_metrics(z1[:MOST], z2[:MOST]).items():
                    self._log(runner, f'{name}_{key}', value)
        if self.seen and data_batch is not None:
            self._log_overlap(runner, data_batch)
        self.seen = {}

    def _listener(self, name: str) -> Any:
        """Hook of a module that keeps what the module is given."""

        def keep(_module: Any, arguments: tuple[Any, ...]) -> None:
            self.seen[name] = tuple(a.detach() if isinstance(a, Tensor) else a for a in arguments)

        return keep

    def _log_overlap(self, runner: Runner, data_batch: dict[str, Any]) -> None:
        """Mean overlap of the views of a batch."""
        samples = data_batch['data_samples']
        if all('view_matrix' in sample for sample in samples):
            matrices = torch.stack([sample.view_matrix for sample in samples])
            size = data_batch['inputs'][0].shape[-2:]
            self._log(runner, 'overlap', view_overlap(matrices, tuple(size)).mean())

    @staticmethod
    def _log(runner: Runner, key: str, value: Tensor) -> None:
        """Hand a number to the log of the run."""
        runner.message_hub.update_scalar(f'train/health_{key}', value.item())
