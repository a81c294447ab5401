"""Swapped prediction of prototypes, as a module that configs can name."""

import torch
import torch.nn.functional as F
from mmengine.dist import get_world_size
from torch import Tensor, nn

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.losses.contrastive import check_temperature
from glcnet_plugin.models.losses.nt_xent_loss import LossWithChance
from glcnet_plugin.models.utils.dist import gather_items
from glcnet_plugin.models.utils.precision import full_precision
from glcnet_plugin.registry import MODELS

ITERATIONS = 3  # of SwAV, as the smoothing below
EPSILON = 0.05


def sinkhorn(scores: Tensor) -> Tensor:
    """Assign items to prototypes such that every prototype gets about the same share.

    Source: SwAV, section 3.1, https://arxiv.org/abs/2006.09882. Computed with logarithms, where
    the exponentials of the official code can overflow.

    Args:
        scores: (N, K) similarities of items and prototypes.

    Returns:
        (N, K) soft assignments; each row sums to 1, each column to about N / K.
    """
    logits = scores / EPSILON
    for _ in range(ITERATIONS):
        logits = logits.log_softmax(0).log_softmax(1)
    return logits.exp()


@MODELS.register_module()
class SwappedPredictionLoss(nn.Module):
    """Predict the prototype of an item in one view from the other view.

    It takes the place of :class:`NTXentLoss` in a head and has no negatives. The assignments of
    the items of all processes are balanced together. Source: SwAV,
    https://arxiv.org/abs/2006.09882; other than there, items may be regions.

    Args:
        channels: Length of the embeddings, ``out_channels`` of the head.
        num_prototypes: K. With few items per prototype the assignments are noise.
        temperature: Divisor of the similarities; SwAV uses 0.1.

    Raises:
        ConfigError: If there are less than 2 prototypes, or the temperature is not positive.
    """

    def __init__(
        self, channels: int = 64, num_prototypes: int = 32, temperature: float = 0.1
    ) -> None:
        super().__init__()
        check_temperature(temperature)
        if num_prototypes < 2:
            raise ConfigError(f'num_prototypes must be at least 2, got {num_prototypes}')
        self.temperature = temperature
        self.prototypes = nn.Parameter(torch.randn(num_prototypes, channels))

    def forward(
        self,
        z1: Tensor,
        z2: Tensor,
        groups: Tensor | None = None,
        valid: Tensor | None = None,
    ) -> LossWithChance:
        """Loss of the items of this process, scaled as that of :class:`NTXentLoss`.

        Args:
            z1: (n, channels) embeddings of view 1; n may differ between processes.
            z2: (n, channels) embeddings of view 2.
            groups: Only None: there are no negatives to exclude.
            valid: (n,) booleans, the items that take part; None for all.

        Returns:
            Loss and its chance level, log K; both 0, with a gradient, where no item is valid.

        Raises:
            ConfigError: If ``groups`` are given, or the embeddings have another length.
        """
        self._check(z1, groups)
        valid = torch.ones(len(z1), dtype=torch.bool, device=z1.device) if valid is None else valid
        with full_precision(z1, z2, self.prototypes) as (z1, z2, prototypes):
            prototypes = F.normalize(prototypes, dim=1).T  # (channels, K)
            scores = [F.normalize(z, dim=1) @ prototypes for z in (z1, z2)]  # (n, K) each
            own, *of_all, present = gather_items(*(s.detach() for s in scores), valid)
            targets = [_assign(s, present)[own] for s in of_all]
            predictions = [(s / self.temperature).log_softmax(1) for s in scores]
            losses = -(targets[1] * predictions[0] + targets[0] * predictions[1]).sum(1) / 2  # (n,)
            loss = losses.sum() * get_world_size() / present.sum().clamp(min=1)
            chance = loss.new_tensor(len(self.prototypes)).log() * present.any()
        return LossWithChance(loss, chance)

    def _check(self, embeddings: Tensor, groups: Tensor | None) -> None:
        """Refuse what does not fit."""
        if groups is not None:
            raise ConfigError(
                'SwappedPredictionLoss has no negatives: leave out exclude, and use GLCNet, not '
                'MomentumGLCNet'
            )
        if embeddings.shape[1] != self.prototypes.shape[1]:
            raise ConfigError(
                f'SwappedPredictionLoss has channels={self.prototypes.shape[1]}, but the head '
                f'gives {embeddings.shape[1]}: set channels={embeddings.shape[1]}'
            )


def _assign(scores: Tensor, present: Tensor) -> Tensor:
    """Assignments (N, K) of the items that take part, zeros for the others."""
    targets = torch.zeros_like(scores)
    targets[present] = sinkhorn(scores[present])
    return targets
