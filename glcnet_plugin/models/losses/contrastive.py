"""Normalised temperature-scaled cross entropy between two views."""

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.utils.precision import full_precision

# Similarities in memory at once: 16 MiB in float32, about ten times that at the peak.
BLOCK = 2**22


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
    items = torch.arange(len(z1), device=z1.device)
    groups = items if groups is None else groups
    counted = has_negatives(groups, torch.ones_like(groups, dtype=torch.bool))
    losses = item_losses(z1, z2, items, groups, counted, temperature, positive_in_denominator)
    return losses.sum() / counted.sum().clamp(min=1)


def has_negatives(groups: Tensor, valid: Tensor) -> Tensor:
    """Which items take part in the loss: valid ones with a valid item of another group.

    Args:
        groups: (N,) integers.
        valid: (N,) booleans.

    Returns:
        (N,) booleans.
    """
    # of the first valid item, where there is one; an index without a dimension would be read back
    first = groups[valid.byte().argmax(0, keepdim=True)]  # (1,)
    multiple = (valid & (groups != first)).any()
    return valid & multiple


def item_losses(
    z1: Tensor,
    z2: Tensor,
    items: Tensor,
    groups: Tensor,
    counted: Tensor,
    temperature: float,
    positive_in_denominator: bool,
) -> Tensor:
    """Losses of some items among all, in memory that grows linearly with their number.

    The similarities of a block of items with all others are computed block by block, and
    recomputed in the backward pass instead of being stored.

    Args:
        z1: (N, D) embeddings of view 1.
        z2: (N, D) embeddings of view 2.
        items: (n,) indices of the items to score.
        groups: (N,) integers; items of one group are no negatives of each other.
        counted: (N,) booleans, see :func:`has_negatives`; the others serve as
            negatives of none and have no loss.
        temperature: Divisor of the similarities.
        positive_in_denominator: Whether to use the SimCLR form.

    Returns:
        (n,) losses, mean over the two embeddings of an item; 0 for items that do not count.
    """
    with full_precision(z1, z2) as (z1, z2):
        z = F.normalize(torch.cat([z1, z2]), dim=1)  # (2N, D)

        def block(chosen: Tensor) -> Tensor:
            """Losses of a block of items."""
            own = z.index_select(0, torch.cat([chosen, chosen + len(z1)]))  # (2n, D)
            first, second = own.chunk(2)
            attraction = (first * second).sum(1) / temperature  # (n,)
            absent = (groups[chosen, None] == groups) | ~counted  # (n, N)
            # a row without negatives would give NaN; its loss is not used
            absent &= counted[chosen, None]
            logits = (own / temperature @ z.T).view(2, len(chosen), 2, -1)  # by view
            repulsion = logits.masked_fill(absent[:, None], -torch.inf).logsumexp((2, 3))  # (2, n)
            if positive_in_denominator:
                repulsion = torch.logaddexp(repulsion, attraction)
            return torch.where(counted[chosen], repulsion.mean(0) - attraction, 0.0)

        size = max(1, BLOCK // max(1, len(z)))
        if len(items) <= size:
            return block(items)
        blocks = torch.split(items, size)  # type: ignore[no-untyped-call]
        return torch.cat([checkpoint(block, part, use_reentrant=False) for part in blocks])


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
