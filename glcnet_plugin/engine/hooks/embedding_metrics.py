"""Log embedding-quality metrics of contrastive pretraining."""

from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.runner import Runner
from torch import Tensor

from glcnet_plugin.engine.utils import branch_outputs
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.geometry import view_overlap
from glcnet_plugin.models.data_preprocessors.gpu_views import raw_views
from glcnet_plugin.models.heads import BranchOutput
from glcnet_plugin.models.utils.embedding_metrics import embedding_metrics
from glcnet_plugin.registry import HOOKS

MAX_ITEMS = 512  # per branch: the similarity matrix grows with the square of their number


@HOOKS.register_module()
class EmbeddingMetricsHook(Hook):
    """Log embedding-quality metrics every ``interval`` iterations.

    For each branch, ``emb_style_effective_rank`` and so on, see :func:`embedding_metrics`, of the
    embeddings of this process; ``emb_num_regions``, the number of valid regions, and
    ``emb_view_overlap``, the mean share of the ground of view 1 that view 2 shows too. They appear
    wherever the losses do: terminal, JSON, TensorBoard. Training is not affected, and what a
    model or head does not provide is left out.

    Args:
        interval: Iterations between two measurements.

    Raises:
        ConfigError: If the interval is below 1.
    """

    priority = 'NORMAL'  # before LoggerHook, which writes what is there

    def __init__(self, interval: int = 50) -> None:
        if interval < 1:
            raise ConfigError(f'interval must be at least 1, got {interval}')
        self.interval = interval

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Log the metrics of this iteration."""
        if not self.every_n_train_iters(runner, self.interval):
            return
        branches = branch_outputs(runner)
        for name, branch in branches.items():
            self._log_branch(runner, name, branch)
        if branches and data_batch is not None:
            self._log_overlap(runner, data_batch)

    def _log_branch(self, runner: Runner, name: str, branch: BranchOutput) -> None:
        """Metrics of the valid embeddings of a branch."""
        z1, z2, valid = branch.z1, branch.z2, branch.valid
        if branch.boxes is not None and valid is not None:
            self._log(runner, 'num_regions', valid.sum())
        if z1 is None or z2 is None:
            return
        if valid is not None:
            z1, z2 = z1[valid], z2[valid]
        if len(z1) > 1:
            for key, value in embedding_metrics(z1[:MAX_ITEMS], z2[:MAX_ITEMS]).items():
                self._log(runner, f'{name}_{key}', value)

    def _log_overlap(self, runner: Runner, data_batch: dict[str, Any]) -> None:
        """Mean overlap of the views of a batch."""
        samples = data_batch['data_samples']
        if all('view_matrix' in sample for sample in samples):
            matrices = torch.stack([sample.view_matrix for sample in samples])
            height, width = raw_views(data_batch, 1)[0].shape[-2:]
            self._log(runner, 'view_overlap', view_overlap(matrices, (height, width)).mean())

    @staticmethod
    def _log(runner: Runner, key: str, value: Tensor) -> None:
        """Add a number to the log of the run."""
        runner.message_hub.update_scalar(f'train/emb_{key}', value.item())
