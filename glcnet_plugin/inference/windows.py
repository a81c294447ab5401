"""Overlapping windows over an image, and the weights by which their predictions are blended."""

import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.errors import ConfigError

Span = tuple[int, int]  # first and one past the last pixel
Block = tuple[Span, Span]  # rows and columns


def check_overlap(window: int, overlap: int) -> None:
    """Check the size of windows and of their overlap.

    Args:
        window: Side of a window in pixels.
        overlap: Pixels that neighbours share.

    Raises:
        ConfigError: If the window is empty, or neighbours share more than half of it.
    """
    if window < 1:
        raise ConfigError(f'window must be at least 1 px, got {window}')
    if not 0 <= overlap <= window // 2:
        raise ConfigError(
            f'overlap must lie between 0 and half of the window of {window} px, got {overlap}'
        )


def touching(starts: list[int], window: int, span: Span) -> list[int]:
    """Those of the starts whose windows have a pixel in a span."""
    return [start for start in starts if start < span[1] and start + window > span[0]]


def window_weights(
    window: int, overlap: int, margin: int, first: bool, last: bool
) -> NDArray[np.float32]:
    """Weights along one axis of a window: 1 inside, falling to its neighbours.

    Pixels within ``margin`` of a neighbour's side do not count, since the network saw too little
    around them; then a raised cosine rises over the rest of the overlap.

    Args:
        window: Pixels of the window.
        overlap: Pixels that neighbours share.
        margin: Pixels without weight at a side with a neighbour; less than half of the overlap.
        first: Whether the image begins with this window: there is no neighbour before it.
        last: Whether the image ends with it.

    Returns:
        (window,) weights. Where neighbours share exactly ``overlap`` pixels they sum to one;
        the last window may share more, so the sum of the weights is divided by.
    """
    weights = np.ones(window, np.float32)
    length = overlap - 2 * margin
    ramp = np.zeros(overlap, np.float32)
    ramp[margin : margin + length] = np.sin((np.arange(length) + 0.5) / length * np.pi / 2) ** 2
    ramp[margin + length :] = 1
    if overlap and not first:
        weights[:overlap] = ramp
    if overlap and not last:
        weights[window - overlap :] = ramp[::-1]
    return weights


def blocks(length: int, block: int) -> list[Span]:
    """Cut an axis into spans of a size; the last one is shorter."""
    return [(start, min(start + block, length)) for start in range(0, length, block)]


def block_grid(size: tuple[int, int], block: int) -> list[Block]:
    """Rows and columns of the blocks of an image of a height and width."""
    return [
        (rows, columns) for rows in blocks(size[0], block) for columns in blocks(size[1], block)
    ]


def inside(block: Block, corner: tuple[int, int], size: tuple[int, int]) -> list[slice]:
    """Where a window and a block meet.

    Args:
        block: Rows and columns of the block in the scene.
        corner: First row and column of the window in the scene.
        size: Height and width of the window.

    Returns:
        Rows and columns of the block, then of the window.
    """
    spans: list[Span] = [
        (max(first, start), min(first + length, end))
        for (start, end), first, length in zip(block, corner, size, strict=True)
    ]
    origins = (block[0][0], block[1][0]), corner
    return [
        slice(start - first, end - first)
        for origin in origins
        for (start, end), first in zip(spans, origin, strict=True)
    ]
