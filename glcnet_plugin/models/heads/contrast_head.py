"""What both branches share: a projector and a contrastive loss."""

from typing import Any, NamedTuple

import torch
from mmengine.model import BaseModule
from torch import Tensor, nn

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.losses import NTXentLoss
from glcnet_plugin.registry import MODELS


class BranchLoss(NamedTuple):
    """Loss of one branch beside the loss of embeddings that know nothing."""

    loss: Tensor  # scalar
    chance: Tensor  # scalar, log of the number of terms the positive competes with


class ContrastHead(BaseModule):
    """Two-layer projector followed by a contrastive loss.

    Source: GLCNet, section III, https://arxiv.org/abs/2106.10605.

    Args:
        in_channels: Length of the incoming features.
        hidden_channels: Width of the hidden layer.
        out_channels: Length of the embeddings that are compared.
        loss: Config of the loss; :class:`NTXentLoss` where it names no type.
    """

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        out_channels: int,
        loss: dict[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.projector = nn.Sequential(
            nn.Linear(in_channels, hidden_channels),
            nn.ReLU(inplace=True),
            nn.Linear(hidden_channels, out_channels),
        )
        self.loss_module = MODELS.build({'type': NTXentLoss, **(loss or {})})

    def project(self, features: Tensor) -> Tensor:
        """Features (N, in_channels) -> embeddings (N, out_channels).

        Raises:
            ConfigError: If the features have another length.
        """
        if features.shape[-1] != self.in_channels:
            raise ConfigError(
                f'{type(self).__name__} was configured with in_channels={self.in_channels}, '
                f'but the network gives {features.shape[-1]}: set in_channels='
                f'{features.shape[-1]}'
            )
        embeddings: Tensor = self.projector(features)
        return embeddings

    def contrast(self, z1: Tensor, z2: Tensor) -> BranchLoss:
        """Compare the embeddings of two views.

        Fewer than two items have no negatives: the loss is then zero, but still attached
        to the graph, so that every process runs the same backward pass.

        Args:
            z1: (N, out_channels) embeddings of view 1.
            z2: (N, out_channels) embeddings of view 2.

        Returns:
            Loss and its chance level.
        """
        if len(z1) < 2:
            nothing = (z1.float().sum() + z2.float().sum()) * 0.0
            return BranchLoss(nothing, nothing.detach())
        chance = torch.tensor(self.loss_module.chance_level(len(z1)), device=z1.device)
        return BranchLoss(self.loss_module(z1, z2), chance)
