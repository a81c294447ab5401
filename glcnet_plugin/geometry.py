"""Affine geometry of views, as 3x3 matrices from source pixels to view pixels.

Pixel convention, the only one in this package: the edges of pixel ``i`` are at ``i`` and
``i + 1`` and its centre at ``i + 0.5``. An image of width W covers [0, W]. Then cropping
followed by resizing is exactly affine, and a horizontal flip is ``x -> W - x``.

Matrices act on column vectors (x, y, 1); chaining operations multiplies from the left.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from glcnet_plugin.errors import ConfigError

Matrix = NDArray[np.float64]


def window_starts(length: int, window: int, stride: int) -> list[int]:
    """First pixels of the windows along one axis; the last one ends with the image.

    Args:
        length: Pixels of the image.
        window: Pixels of a window.
        stride: Pixels from one start to the next; the last may be nearer.

    Returns:
        Ascending starts; a single 0 where the image is no longer than a window.
    """
    if length <= window:
        return [0]
    return [*range(0, length - window, stride), length - window]


def crop_resize_matrix(
    x0: float, y0: float, width: float, height: float, out_width: int, out_height: int
) -> Matrix:
    """Matrix of cropping a ``width`` x ``height`` box at (x0, y0), then resizing it.

    Args:
        x0: Left edge of the box in source pixels.
        y0: Top edge of the box in source pixels.
        width: Width of the box in source pixels.
        height: Height of the box in source pixels.
        out_width: Width after resizing, in pixels.
        out_height: Height after resizing, in pixels.

    Returns:
        The (3, 3) matrix.
    """
    sx, sy = out_width / width, out_height / height
    return np.array([[sx, 0.0, -sx * x0], [0.0, sy, -sy * y0], [0.0, 0.0, 1.0]])


def flip_matrix(direction: str, width: int, height: int) -> Matrix:
    """Matrix of a flip of a ``width`` x ``height`` image.

    Args:
        direction: 'horizontal', 'vertical' or 'diagonal' (both), as in mmcv.
        width: Image width in pixels.
        height: Image height in pixels.

    Returns:
        The (3, 3) matrix.

    Raises:
        ConfigError: If the direction is not one of the three.
    """
    if direction not in ('horizontal', 'vertical', 'diagonal'):
        raise ConfigError(
            f"flip direction must be 'horizontal', 'vertical' or 'diagonal', got {direction!r}"
        )
    matrix = np.eye(3)
    if direction in ('horizontal', 'diagonal'):
        matrix[0] = [-1.0, 0.0, width]
    if direction in ('vertical', 'diagonal'):
        matrix[1] = [0.0, -1.0, height]
    return matrix


def rotate90_matrix(turns: int, width: int, height: int) -> Matrix:
    """Matrix of ``np.rot90(image, turns)``: quarter turns, anticlockwise on the screen.

    Args:
        turns: Number of quarter turns, any integer.
        width: Image width in pixels before turning.
        height: Image height in pixels before turning.

    Returns:
        The (3, 3) matrix.
    """
    matrix = np.eye(3)
    for _ in range(turns % 4):
        # one turn puts (x, y) at (y, W - x) and swaps the sides
        matrix = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, width], [0.0, 0.0, 1.0]]) @ matrix
        width, height = height, width
    return matrix


def map_points(matrix: Tensor, points: Tensor) -> Tensor:
    """Apply affine matrices to points.

    Args:
        matrix: (..., 3, 3) affine matrices.
        points: (..., P, 2) points (x, y) in pixels; leading sizes broadcast.

    Returns:
        (..., P, 2) mapped points.
    """
    return points @ matrix[..., :2, :2].mT + matrix[..., None, :2, 2]


def size_pair(size: Any) -> tuple[int, int]:
    """``224`` or ``(H, W)`` -> ``(H, W)``."""
    height, width = (size, size) if isinstance(size, int) else size
    return int(height), int(width)


def view_overlap(view_matrix: Tensor, input_size: int | tuple[int, int]) -> Tensor:
    """Share of view 1's ground that view 2 shows too (axis-aligned views).

    Args:
        view_matrix: (..., 2, 3, 3) source pixels to view pixels.
        input_size: Side of the views in pixels, or (H, W).

    Returns:
        (...) share in [0, 1].
    """
    height, width = size_pair(input_size)
    corners = view_matrix.new_tensor([[0.0, 0.0], [width, height]])  # (2, 2)
    ground = map_points(torch.linalg.inv(view_matrix), corners)  # (..., V, 2, 2)
    lower, upper = ground.amin(-2), ground.amax(-2)  # (..., V, 2)
    common = (upper.amin(-2) - lower.amax(-2)).clamp(min=0).prod(-1)  # (...)
    return common / (upper - lower)[..., 0, :].prod(-1)
