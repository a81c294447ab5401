"""The contrastive loss as a module that configs can name."""

from typing import NamedTuple

import torch
from mmengine.dist import get_world_size
from torch import Tensor, nn

from glcnet_plugin.models.losses.contrastive import (
    check_temperature,
    has_negatives,
    item_losses,
)
from glcnet_plugin.models.utils.dist import gather_items
from glcnet_plugin.registry import MODELS


class LossWithChance(NamedTuple):
    """A contrastive loss, and its value for uninformative embeddings (chance level)."""

    loss: Tensor  # scalar
    chance: Tensor  # scalar, log of the number of terms the positive competes with


@MODELS.register_module()
class NTXentLoss(nn.Module):
    """Normalised temperature-scaled cross entropy, see :func:`nt_xent`.

    Source: GLCNet, eq. 2 and 5, https://arxiv.org/abs/2106.10605.

    Args:
        temperature: Divisor of the similarities; the official code uses 0.5.
        positive_in_denominator: False for GLCNet's (decoupled) form, True for SimCLR's.
        gather: Whether the items of all processes are negatives; False for those of this
            process only, as in the official code.

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
    ) -> LossWithChance:
        """Loss of the items of this process among those of all.

        With R processes, each computes ``R / N`` times the sum over its own items, where N is
        the number of items that take part in all processes. The backward pass of the gather sums
        the gradients of all losses, and DDP divides them by R: the result equals that of one
        process with all items.

        Args:
            z1: (n, D) embeddings of view 1; n may differ between processes.
            z2: (n, D) embeddings of view 2.
            groups: (n,) see :func:`nt_xent`; numbers that mean the same in all processes.
            valid: (n,) booleans, the items that take part; None for all.

        Returns:
            Loss and its chance level; both 0, with a gradient, where no item has negatives.
        """
        valid = z1.new_ones(len(z1), dtype=torch.bool) if valid is None else valid
        given = [] if groups is None else [groups]
        items, share = torch.arange(len(z1), device=z1.device), 1
        if self.gather:
            share = get_world_size()
            items, z1, z2, valid, *given = gather_items(z1, z2, valid, *given)
        groups = given[0] if given else torch.arange(len(z1), device=z1.device)
        counted = has_negatives(groups, valid)
        losses = item_losses(
            z1, z2, items, groups, counted, self.temperature, self.positive_in_denominator
        )
        loss = losses.sum() * share / counted.sum().clamp(min=1)
        return LossWithChance(loss, self.chance_level(groups if given else None, counted))

    def chance_level(self, groups: Tensor | None, counted: Tensor) -> Tensor:
        """Loss when all similarities are equal: mean log of the number of terms compared.

        Args:
            groups: (N,) integers; None where every item is a group of its own.
            counted: (N,) booleans, see :func:`has_negatives`.

        Returns:
            Scalar; ``log(2N - 2)`` for N items of N groups, ``log(2N - 1)`` with the positive in
            the denominator.
        """
        count = counted.sum()
        if groups is None:  # without the search, for which a GPU would wait
            return (2 * count - 2 + self.positive_in_denominator).clamp(min=1).log()
        _, group, sizes = torch.unique(groups[counted], return_inverse=True, return_counts=True)
        terms = 2 * (count - sizes[group]) + self.positive_in_denominator  # (items,)
        return terms.float().log().sum() / count.clamp(min=1)
