"""The contrastive loss as a module that configs can name."""

import math

import torch
from torch import Tensor, nn

from glcnet_plugin.models.losses.contrastive import check_temperature, is_negative, nt_xent
from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class NTXentLoss(nn.Module):
    """Normalised temperature-scaled cross entropy, see :func:`nt_xent`.

    Source: GLCNet, eq. 2 and 5, https://arxiv.org/abs/2106.10605.

    Args:
        temperature: Divisor of the similarities; the official code uses 0.5.
        positive_in_denominator: False for GLCNet's (decoupled) form, True for SimCLR's.

    Raises:
        ConfigError: If the temperature is not positive.
    """

    def __init__(self, temperature: float = 0.5, positive_in_denominator: bool = False) -> None:
        super().__init__()
        check_temperature(temperature)
        self.temperature = temperature
        self.positive_in_denominator = positive_in_denominator

    def forward(self, z1: Tensor, z2: Tensor, groups: Tensor | None = None) -> Tensor:
        """Loss of the embeddings (N, D) of two views, in groups (N,); a scalar."""
        return nt_xent(z1, z2, self.temperature, self.positive_in_denominator, groups)

    def chance_level(self, num_items: int, groups: Tensor | None = None) -> Tensor:
        """Loss when all similarities are equal: log of the number of terms compared.

        Args:
            num_items: N, at least 2.
            groups: See :func:`nt_xent`.

        Returns:
            ``log(2N - 2)``, or ``log(2N - 1)`` with the positive in the denominator; with
            groups the mean over the items of the log of their own number.
        """
        if groups is None:
            return torch.tensor(math.log(2 * num_items - 2 + self.positive_in_denominator))
        negatives = 2 * is_negative(groups).sum(1)  # (N,)
        terms = (negatives[negatives > 0] + self.positive_in_denominator).float()
        return terms.log().sum() / max(1, len(terms))
