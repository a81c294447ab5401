"""Evaluate a network in the middle of its training, without changing the training."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from mmpretrain.models.selfsup.mae import MAEViT
from torch import Tensor, nn

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.utils.pixel_features import PixelFeatures


@contextmanager
def preserve_training_state(model: nn.Module) -> Iterator[None]:
    """Use a network for evaluation, then continue training as if nothing had happened.

    Inside, the network is in evaluation mode and no gradients are kept. Afterwards the mode of
    each submodule (some are frozen) and the random streams of Python, NumPy and torch are what
    they were. Weights and the statistics of batch normalisation do not change in this mode.

    Args:
        model: The network.
    """
    modes = [(module, module.training) for module in model.modules()]
    python, numpy = random.getstate(), np.random.get_state()
    devices = {p.device for p in model.parameters() if p.is_cuda}
    model.eval()
    try:
        with torch.random.fork_rng(devices), torch.no_grad():  # type: ignore[no-untyped-call]
            yield
    finally:
        for module, mode in modes:
            module.training = mode
        random.setstate(python)
        np.random.set_state(numpy)


class PretrainFeatures(PixelFeatures):
    """Features of single pixels of a network that is being pretrained.

    The backbone stages, and for networks of this package the encoder map.

    Args:
        model: A pretraining algorithm with a ``backbone``, of this package or mmpretrain.

    Raises:
        ConfigError: If it has no backbone.
    """

    def __init__(self, model: nn.Module) -> None:
        if not isinstance(getattr(model, 'backbone', None), nn.Module):
            raise ConfigError(f'{type(model).__name__} has no backbone to take features from')
        super().__init__(model, getattr(model, 'style_source', None))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Feature maps of normalised images, see :class:`PixelFeatures`."""
        backbone: Any = self.model.get_submodule('backbone')
        if not isinstance(backbone, MAEViT):
            return super().forward(x)
        kept, backbone.out_type = backbone.out_type, 'featmap'  # MAE itself takes the tokens
        try:
            return list(backbone(x, mask=None))
        finally:
            backbone.out_type = kept
