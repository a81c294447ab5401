"""What both branches share: a projector and a contrastive loss."""

from typing import Any, ClassVar

from mmengine.model import BaseModule
from torch import Tensor, nn

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.models.heads.outputs import BranchOutput
from glcnet_plugin.models.losses import NTXentLoss
from glcnet_plugin.models.utils.dist import unique_numbers
from glcnet_plugin.registry import MODELS


class BaseContrastHead(BaseModule):
    """Two-layer projector followed by a contrastive loss.

    Source: GLCNet, section III, https://arxiv.org/abs/2106.10605.

    Args:
        in_channels: Length of the incoming features.
        hidden_channels: Width of the hidden layer.
        out_channels: Length of the embeddings that are compared.
        loss: Config of the loss; :class:`NTXentLoss` where it names no type.
        exclude: Items that are not negatives of each other: those of one 'image', those of one
            'scene' (see ``scene_pattern`` of the dataset), or None. The paper excludes none, so
            similar ground within a scene repels itself, a flaw that e.g. GraSS points out
            (TGRS 2023, https://arxiv.org/abs/2306.15868).
        norm: Whether batch normalisation follows each layer, in place of its bias, as in SimCLR
            (https://arxiv.org/abs/2002.05709); the official code has none.

    Raises:
        ConfigError: If ``exclude`` is anything else.
    """

    per_channel: ClassVar[int] = 1  # projector inputs per channel of the map

    def __init__(
        self,
        in_channels: int,
        hidden_channels: int,
        out_channels: int,
        loss: dict[str, Any] | None = None,
        exclude: str | None = None,
        norm: bool = False,
    ) -> None:
        super().__init__()
        if exclude not in (None, 'image', 'scene'):
            raise ConfigError(f"exclude must be None, 'image' or 'scene', got {exclude!r}")
        self.exclude = exclude
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.projector = nn.Sequential(
            *_layer(in_channels, hidden_channels, norm),
            nn.ReLU(inplace=True),
            *_layer(hidden_channels, out_channels, norm),
        )
        self.loss_module = MODELS.build({'type': NTXentLoss, **(loss or {})})

    def project(self, features: Tensor) -> Tensor:
        """Features (..., in_channels) -> embeddings (..., out_channels).

        Raises:
            ConfigError: If the features have another length.
        """
        if features.shape[-1] != self.in_channels:
            raise ConfigError(
                f'{type(self).__name__} was configured with in_channels={self.in_channels}, '
                f'but the network gives {features.shape[-1]}: set in_channels='
                f'{features.shape[-1]}'
            )
        embeddings: Tensor = self.projector(features.flatten(0, -2))  # a norm takes (N, C)
        return embeddings.reshape(*features.shape[:-1], self.out_channels)

    def contrast_with_queue(
        self,
        query: Tensor,
        key: Tensor,
        queue: Tensor,
        valid: Tensor | None = None,
        boxes: Tensor | None = None,
    ) -> BranchOutput:
        """Contrast two views, with earlier embeddings as negatives.

        The loss of the head has to be a :class:`QueueNTXentLoss`, or called like it.

        Args:
            query: (N, out_channels) embeddings of view 1.
            key: (N, out_channels) embeddings of view 2, without gradient.
            queue: (L, out_channels) keys of earlier batches.
            valid: (N,) booleans, the items that take part; None for all.
            boxes: (B, 2, K, 4) regions behind the embeddings, or None.

        Returns:
            Loss, its chance level, and what was compared.
        """
        loss, chance = self.loss_module(query, key, queue, valid)
        return BranchOutput(loss, chance, query, key, valid, boxes)

    def excluded_groups(self, scenes: Tensor | None, images: int, items: int) -> Tensor | None:
        """Group numbers of the items of a batch, as ``exclude`` says.

        Args:
            scenes: (images,) scene number of each image, or None.
            images: B, images in the batch.
            items: Items per image.

        Returns:
            (images, items) groups, or None where all other items are negatives.

        Raises:
            DataError: If the scenes are needed but unknown.
        """
        if self.exclude is None:
            return None
        if self.exclude == 'image':
            scenes = unique_numbers(images, next(self.parameters()).device)
        if scenes is None:
            raise DataError(
                "exclude='scene' needs to know the scenes: give the dataset a scene_pattern, "
                "and PackInputs algorithm_keys=('view_matrix', 'scene')"
            )
        return scenes[:, None].expand(images, items)


def _layer(inputs: int, outputs: int, norm: bool) -> list[nn.Module]:
    """A linear layer, with batch normalisation or a bias."""
    linear = nn.Linear(inputs, outputs, bias=not norm)
    return [linear, nn.BatchNorm1d(outputs)] if norm else [linear]
