"""Global style of an image: channel statistics of its deep feature map."""

import torch
from torch import Tensor

from glcnet_plugin.errors import DataError
from glcnet_plugin.models.utils.precision import full_precision


def style_vector(x: Tensor) -> Tensor:
    """Channel means and unbiased variances over space (GLCNet, section III-B).

    Differences: the paper speaks of mean and variance; the official code takes
    ``torch.var``, i.e. the unbiased variance and not the standard deviation. So do we.

    Args:
        x: (N, C, H, W) feature map.

    Returns:
        (N, 2C) style vectors in float32 or wider: means, then variances.

    Raises:
        DataError: If the map has a single cell, which has no variance.
    """
    if x.shape[-1] * x.shape[-2] < 2:
        raise DataError(
            f'a style vector needs at least two cells, got a feature map of shape '
            f'{tuple(x.shape)}: use larger views or a smaller output stride'
        )
    with full_precision(x) as (x,):
        # as torch.var_mean, which takes several times as long on a CPU
        mean = x.mean((2, 3), keepdim=True)  # (N, C, 1, 1)
        variance = (x - mean).square().sum((2, 3)) / (x[0, 0].numel() - 1)  # (N, C)
        return torch.cat([mean.flatten(1), variance], dim=1)  # (N, 2C)
