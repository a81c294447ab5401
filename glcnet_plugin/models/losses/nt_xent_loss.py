"""The contrastive loss as a module that configs can name."""

from typing import NamedTuple

import torch
from mmengine.dist import get_world_size
from torch import Tensor, nn

from glcnet_plugin.models.losses.contrastive import (
    check_temperature,
    has_negatives,
    item_losses,
    queue_nt_xent,
)
from glcnet_plugin.models.utils.dist import gather_items, unique_numbers
from glcnet_plugin.registry import MODELS


class BranchLoss(NamedTuple):
    """Loss of one branch beside the loss of embeddings that know nothing."""

    loss: Tensor  # scalar
    chance: Tensor  # scalar, log of the number of terms the positive competes with


@MODELS.register_module()
class NTXentLoss(nn.Module):
    """Normalised temperature-scaled cross entropy, see :func:`nt_xent`.

    Source: GLCNet, eq. 2 and 5, https://arxiv.org/abs/2106.10605.

    Args:
        temperature: Divisor of the similarities; the official code uses 0.5.
        positive_in_denominator: False for GLCNet's (decoupled) form, True for SimCLR's.
        gather: Whether the items of all processes are negatives; False for those of the own
            process alone, as in the official code.

    Raises:
        ConfigError: If the temperature is not positive.
    """

    def __init__(
        self,
        temperature: float = 0.5,
        positive_in_denominator: bool = False,
        gather: bool = True,
    ) -> None:
        super().__init__()
        check_temperature(temperature)
        self.temperature = temperature
        self.positive_in_denominator = positive_in_denominator
        self.gather = gather

    def forward(
        self,
        z1: Tensor,
        z2: Tensor,
        groups: Tensor | None = None,
        valid: Tensor | None = None,
        queue: Tensor | None = None,
    ) -> BranchLoss:
        """Loss of the items of this process among those of all.

        With R processes, each computes ``R / N`` times the sum over its own items, N being the
        number of all items that count. The backward pass of the gather adds up what all losses
        say of an item, and DDP then divides the gradients by R: together they are those of one
        process with all items.

        Args:
            z1: (n, D) embeddings of view 1; n may differ between processes.
            z2: (n, D) embeddings of view 2.
            groups: (n,) see :func:`nt_xent`; numbers that mean the same in all processes.
            valid: (n,) whether an item takes part; None for all.
            queue: (L, D) earlier embeddings, which then are the negatives instead of the other
                items, see :func:`queue_nt_xent`; ``groups`` are not looked at.

        Returns:
            Loss, and its level for embeddings that know nothing; both 0, with a gradient, where
            no item has negatives.
        """
        if queue is not None:
            kept = slice(None) if valid is None else valid
            terms = len(queue) + self.positive_in_denominator
            loss = queue_nt_xent(
                z1[kept], z2[kept], queue, self.temperature, self.positive_in_denominator
            )
            return BranchLoss(loss, loss.new_tensor(terms).log())
        groups = unique_numbers(len(z1), z1.device) if groups is None else groups
        valid = torch.ones_like(groups, dtype=torch.bool) if valid is None else valid
        items, share = torch.arange(len(z1), device=z1.device), 1
        if self.gather:
            share = get_world_size()
            items, z1, z2, groups, valid = gather_items(z1, z2, groups, valid)
        counted = has_negatives(groups, valid)
        losses = item_losses(
            z1, z2, items, groups, counted, self.temperature, self.positive_in_denominator
        )
        loss = losses.sum() * share / counted.sum().clamp(min=1)
        return BranchLoss(loss, self.chance_level(groups, counted))

    def chance_level(self, groups: Tensor, counted: Tensor) -> Tensor:
        """Loss when all similarities are equal: mean log of the number of terms compared.

        Args:
            groups: (N,) integers.
            counted: (N,) booleans, see :func:`has_negatives`.

        Returns:
            Scalar; ``log(2N - 2)`` for N items of N groups, ``log(2N - 1)`` with the positive in
            the denominator.
        """
        kinds = torch.unique(groups[counted], return_inverse=True, return_counts=True)
        _, group, sizes = kinds
        terms = 2 * (counted.sum() - sizes[group]) + self.positive_in_denominator  # (items,)
        return terms.float().log().sum() / counted.sum().clamp(min=1)
