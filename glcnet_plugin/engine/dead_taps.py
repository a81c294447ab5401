"""Taps of convolutions that read nothing but padding.

A tap of a dilated convolution whose rate is not smaller than the map never sees the image: it gets
no gradient and keeps its random start. On a larger map it reads the image with these weights.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import nn

Size = tuple[int, int]  # height and width of a map, in cells
SHOWN = 8  # layers in a message


class MapRecorder:
    """Records the largest map that each convolution with dilation gets, until it is removed.

    Args:
        model: The network.
    """

    def __init__(self, model: nn.Module) -> None:
        self.sizes: dict[str, Size] = {}
        self.handles = [
            layer.register_forward_pre_hook(self._keep(name))
            for name, layer in dilated_layers(model).items()
        ]

    def _keep(self, name: str) -> Any:
        """Hook of a layer."""

        def keep(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
            height, width = self.sizes.get(name, (0, 0))
            new_height, new_width = inputs[0].shape[-2:]
            self.sizes[name] = max(height, new_height), max(width, new_width)

        return keep

    def remove(self) -> None:
        """Record no more."""
        for handle in self.handles:
            handle.remove()
        self.handles = []


def dilated_layers(model: nn.Module) -> dict[str, nn.Conv2d]:
    """Dilated convolutions of a network, by name; those that pad with the image are left out."""
    return {
        name: layer
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Conv2d)
        and max(layer.dilation) > 1
        and max(layer.kernel_size) > 1
        and layer.padding_mode == 'zeros'
    }


def live_taps(layer: nn.Conv2d, size: Size) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which taps of a convolution read a cell of the map somewhere.

    Args:
        layer: The convolution.
        size: Height and width of the map.

    Returns:
        One value per tap, (kernel height, kernel width).
    """
    rows, columns = (_live_offsets(layer, axis, cells) for axis, cells in enumerate(size))
    return np.outer(rows, columns)


def _live_offsets(layer: nn.Conv2d, axis: int, cells: int) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which offsets of a kernel read a cell along an axis, (kernel size,)."""
    taps, rate, stride = layer.kernel_size[axis], layer.dilation[axis], layer.stride[axis]
    reach = rate * (taps - 1)
    if isinstance(layer.padding, str):
        before, total = (reach // 2, reach) if layer.padding == 'same' else (0, 0)
    else:
        before, total = layer.padding[axis], 2 * layer.padding[axis]
    outputs = max((cells + total - reach - 1) // stride + 1, 0)
    read = np.arange(outputs) * stride - before + np.arange(taps)[:, None] * rate
    return np.asarray(((read >= 0) & (read < cells)).any(1))


def dead_taps(model: nn.Module, sizes: Mapping[str, Size]) -> list[str]:
    """Describe the layers with taps that never see an image.

    Args:
        model: The network.
        sizes: Size of the map that each layer gets.

    Returns:
        One line per layer.
    """
    lines = []
    for name, layer in dilated_layers(model).items():
        if name in sizes and not (alive := live_taps(layer, sizes[name])).all():
            lines.append(
                f'{name}: {_rate(layer, sizes[name])}: {_share(~alive)} never see the image'
            )
    return lines


def untrained_taps(
    model: nn.Module, trained: Mapping[str, Size], sizes: Mapping[str, Size]
) -> list[str]:
    """Describe the layers with taps that see an image now and never did in training.

    Args:
        model: The network.
        trained: Size of the map that each layer got in training.
        sizes: Size of the map that each layer gets now.

    Returns:
        One line per layer.
    """
    lines = []
    for name, layer in dilated_layers(model).items():
        if name in trained and name in sizes:
            before, now = live_taps(layer, trained[name]), live_taps(layer, sizes[name])
            if (now & ~before).any():
                lines.append(
                    f'{name}: {_rate(layer, trained[name])} in training: {_share(~before)} never '
                    f'saw an image; on {_cells(sizes[name])} {int((now & ~before).sum())} of them '
                    'are used untrained'
                )
    return lines


def shortened(lines: list[str]) -> str:
    """Put lines below each other, at most so many."""
    more = [f'... and {len(lines) - SHOWN} more layers'] if len(lines) > SHOWN else []
    return ''.join(f'\n  {line}' for line in lines[:SHOWN] + more)


def _rate(layer: nn.Conv2d, size: Size) -> str:
    """Rate of a layer and the map that it gets."""
    rates = dict.fromkeys(layer.dilation)
    return f'rate {" x ".join(map(str, rates))} on {_cells(size)}'


def _cells(size: Size) -> str:
    """Size of a map."""
    return f'{size[0]} x {size[1]} cells'


def _share(taps: np.ndarray[Any, np.dtype[np.bool_]]) -> str:
    """Number of taps."""
    return f'{int(taps.sum())} of {taps.size} taps'
