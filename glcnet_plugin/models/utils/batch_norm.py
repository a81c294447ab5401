"""Re-estimate the statistics of batch normalisation."""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

CALIBRATION_IMAGES = 64  # enough: the statistics are over all their pixels
BATCH_SIZE = 16
Item = TypeVar('Item')


def batch_norms(network: nn.Module) -> list[_BatchNorm]:
    """All layers of batch normalisation, synchronised ones too."""
    return [module for module in network.modules() if isinstance(module, _BatchNorm)]


@torch.no_grad()
def recalibrate(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set the running statistics to the mean over some batches.

    As ``torch.optim.swa_utils.update_bn``, but all other layers are in evaluation (dropout would
    change the statistics), and layers that do not run keep theirs (auxiliary heads).

    Args:
        network: Is in evaluation mode afterwards.
        batches: (B, bands, H, W) normalised images each.

    Raises:
        ValueError: If a layer gets one value per channel, such as one pooled image.
    """
    layers = [layer for layer in batch_norms(network) if layer.track_running_stats]
    network.eval()
    before: list[tuple[Any, dict[str, Tensor]]] = []
    for layer in layers:
        buffers = {name: buffer.clone() for name, buffer in layer.named_buffers()}
        before.append((layer.momentum, buffers))
        layer.reset_running_stats()
        layer.momentum = None  # all batches weigh the same
        layer.training = True
    for batch in batches:
        network(batch)
    for layer, (momentum, buffers) in zip(layers, before, strict=True):
        layer.momentum, layer.training = momentum, False
        if layer.num_batches_tracked == 0:
            layer.load_state_dict(buffers, strict=False)


def evenly_spaced(items: Sequence[Item], count: int) -> list[Item]:
    """At most ``count`` of some items, at equal distances, the first among them."""
    count = min(count, len(items))
    return [items[index * len(items) // count] for index in range(count)]


def batches_of_one_size(images: Sequence[Tensor], size: int = BATCH_SIZE) -> Iterator[Tensor]:
    """Join images to batches.

    A batch of one image is avoided, as layers after global pooling cannot take it: where there are
    others, an image whose size no other has is left out.

    Args:
        images: (bands, H, W) each.
        size: Images per batch, at most.

    Yields:
        (B, bands, H, W), of similar B for images of one size.
    """
    by_shape: dict[Any, list[Tensor]] = {}
    for image in images:
        by_shape.setdefault(image.shape, []).append(image)
    groups = [group for group in by_shape.values() if len(group) > 1] or list(by_shape.values())
    for group in groups:
        batches = ceil(len(group) / size)
        for index in range(batches):
            yield torch.stack(group[index::batches])
