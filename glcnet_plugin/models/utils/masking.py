"""Square holes in images, and the error inside and outside of them."""

import torch
from torch import Tensor

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.utils.precision import full_precision


def draw_holes(
    shape: tuple[int, int, int],
    num_holes: int,
    hole_size: int,
    device: torch.device | str = 'cpu',
    generator: torch.Generator | None = None,
) -> Tensor:
    """Draw square holes that may overlap, uniformly over the places inside an image.

    Source: random blocks of Pathak et al., Context Encoders, CVPR 2016, section 3.3.

    Args:
        shape: N, H, W: number and size in pixels of the images.
        num_holes: Holes per image.
        hole_size: Side of a hole in pixels.
        device: Where to make the mask.
        generator: Random generator on that device.

    Returns:
        (N, 1, H, W) bool, True in the holes.

    Raises:
        ConfigError: If there are no holes, or they do not fit into the image.
    """
    count, height, width = shape
    if num_holes < 1:
        raise ConfigError(f'num_holes must be at least 1, got {num_holes}')
    if not 0 < hole_size <= min(height, width):
        raise ConfigError(
            f'hole_size must lie in 1..{min(height, width)} (the shorter side of the '
            f'{height}x{width} views), got {hole_size}: use smaller holes or larger views'
        )
    inside = []
    for side in (height, width):
        first = torch.randint(
            side - hole_size + 1, (count, num_holes, 1), device=device, generator=generator
        )
        offset = torch.arange(side, device=device) - first  # (N, holes, side)
        inside.append(((offset >= 0) & (offset < hole_size)).float())
    rows, columns = inside
    # holes that cover a pixel: a product, since (N, holes, H, W) would be large
    return (rows.transpose(1, 2) @ columns > 0)[:, None]


def error_in_and_out(output: Tensor, target: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Mean squared error inside and outside of the holes, in float32.

    Args:
        output: (N, bands, H, W).
        target: (N, bands, H, W).
        mask: (N, 1, H, W) bool, True in the holes.

    Returns:
        Two scalars, each the mean over bands and pixels of its kind; 0 where there are none.
    """
    with full_precision(output, target) as (output, target):
        squared = (output - target).square().mean(1, keepdim=True)  # (N, 1, H, W)
        parts = (mask, ~mask)
        inside, outside = ((squared * m).sum() / m.sum().clamp(min=1) for m in parts)
    return inside, outside
