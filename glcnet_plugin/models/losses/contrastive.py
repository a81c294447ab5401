"""Normalised temperature-scaled cross entropy between two views."""

import torch
import torch.nn.functional as F
from torch import Tensor

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.utils.precision import full_precision


def check_temperature(temperature: float) -> None:
    """Refuse a temperature that is not positive.

    Raises:
        ConfigError: If ``temperature <= 0``.
    """
    if not temperature > 0:
        raise ConfigError(
            f'temperature must be positive, got {temperature}: GLCNet uses 0.5, and values '
            'from 0.05 to 1 are usual'
        )


def nt_xent(
    z1: Tensor,
    z2: Tensor,
    temperature: float = 0.5,
    positive_in_denominator: bool = False,
    groups: Tensor | None = None,
) -> Tensor:
    """Contrastive loss in which the two views of an item attract, all others repel.

    Mean over the 2N embeddings of ``-log(exp(s_pos / t) / sum_neg exp(s_neg / t))`` with the
    cosine similarity s (GLCNet, eq. 2 and 5; https://arxiv.org/abs/2106.10605).

    Differences: SimCLR counts the positive in the denominator. The official GLCNet code
    leaves it out since June 2021, the decoupled form of https://arxiv.org/abs/2110.06848;
    that is our default. The 1e-8 that it adds to the denominator guards an underflow that
    cannot happen here, and is left out.

    Args:
        z1: (N, D) embeddings of view 1, of any length.
        z2: (N, D) embeddings of view 2; row i shows the same item as row i of ``z1``.
        temperature: Divisor of the similarities.
        positive_in_denominator: Whether to use the SimCLR form.
        groups: (N,) integers; items of one group are no negatives of each other. An item
            whose group is the whole batch has no negatives and does not count. None for the
            paper's form: all other items are negatives.

    Returns:
        Scalar loss, in float32 or wider.

    Raises:
        ConfigError: If the shapes differ, N < 2, or the temperature is not positive.
    """
    check_temperature(temperature)
    if z1.shape != z2.shape or z1.ndim != 2 or len(z1) < 2:
        raise ConfigError(
            'nt_xent needs two (N, D) tensors of equal shape with N >= 2 (one item has no '
            f'negatives), got {tuple(z1.shape)} and {tuple(z2.shape)}'
        )
    with full_precision(z1, z2) as (z1, z2):
        z1, z2 = F.normalize(z1, dim=1), F.normalize(z2, dim=1)
        z, count = torch.cat([z1, z2]), len(z1)  # (2N, D)
        logits = (z / temperature) @ z.T  # (2N, 2N)
        logits.diagonal().fill_(-torch.inf)  # nothing is its own negative
        if not positive_in_denominator:
            logits.diagonal(count).fill_(-torch.inf)
            logits.diagonal(-count).fill_(-torch.inf)
        attraction = (z1 * z2).sum(1)  # (N,)
        if groups is None:
            return logits.logsumexp(1).mean() - attraction.mean() / temperature
        negative = is_negative(groups)  # (N, N)
        counts = negative.any(1)  # (N,)
        kept = negative | ~counts[:, None] | torch.eye(count, dtype=torch.bool, device=z.device)
        repulsion = logits.masked_fill(~kept.repeat(2, 2), -torch.inf).logsumexp(1)  # (2N,)
        each = repulsion.view(2, count).mean(0) - attraction / temperature
        return torch.where(counts, each, 0.0).sum() / counts.sum().clamp(min=1)


def queue_nt_xent(
    query: Tensor,
    key: Tensor,
    queue: Tensor,
    temperature: float = 0.5,
    positive_in_denominator: bool = False,
) -> Tensor:
    """Contrastive loss whose negatives are embeddings of earlier batches.

    Source: MoCo, eq. 1, https://arxiv.org/abs/1911.05722, in the decoupled form of
    :func:`nt_xent` unless ``positive_in_denominator``.

    Args:
        query: (N, D) embeddings that learn.
        key: (N, D) embeddings of the other view, without gradient.
        queue: (L, D) earlier keys.
        temperature: Divisor of the similarities.
        positive_in_denominator: Whether the positive competes too, as in MoCo.

    Returns:
        Scalar loss, in float32 or wider; 0 for N = 0.

    Raises:
        ConfigError: If the temperature is not positive.
    """
    check_temperature(temperature)
    with full_precision(query, key, queue) as (query, key, queue):
        query, key = F.normalize(query, dim=1), F.normalize(key, dim=1)
        positive = (query * key).sum(1) / temperature  # (N,)
        logits = (query / temperature) @ F.normalize(queue, dim=1).T  # (N, L)
        if positive_in_denominator:
            logits = torch.cat([positive[:, None], logits], dim=1)
        return (logits.logsumexp(1) - positive).sum() / max(1, len(query))


def is_negative(groups: Tensor) -> Tensor:
    """Which items are negatives of which: those of other groups.

    Args:
        groups: (N,) integers.

    Returns:
        (N, N) booleans.
    """
    return groups[:, None] != groups[None]
