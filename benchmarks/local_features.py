"""Local features, forward and backward, against upsampling the dense map and averaging.

Batch 32, 64 channels, 56 x 56 cells, views of 224 px, 4 regions of 48 px.

Example:
    python benchmarks/local_features.py
"""

from functools import partial

import torch
from measure import median_seconds, no_options, report
from torch import Tensor
from torch.nn import functional as F

from glcnet_plugin.models.utils import pool_regions

BATCH, CHANNELS, CELLS, PIXELS, REGIONS, SIDE = 32, 64, 56, 224, 4, 48


def upsample_then_average(x: Tensor, boxes: Tensor, input_size: int) -> Tensor:
    """Mean over boxes of the upsampled map.

    Args:
        x: (N, D, h, w) dense map.
        boxes: (N, K, 4) whole-pixel boxes.
        input_size: Side of the view in pixels.

    Returns:
        (N, K, D) mean features.
    """
    big = F.interpolate(x, input_size, mode='bilinear', align_corners=False)  # (N, D, H, W)
    pixel = torch.arange(input_size)
    x0, y0, x1, y1 = boxes[..., None].unbind(2)  # (N, K, 1) each
    columns, rows = (pixel >= x0) & (pixel < x1), (pixel >= y0) & (pixel < y1)  # (N, K, H)
    inside = (rows[..., None] & columns[..., None, :]).to(x.dtype).flatten(2)  # (N, K, HW)
    return inside @ big.flatten(2).mT / inside.sum(2, keepdim=True)


def step(function: partial[Tensor], x: Tensor) -> Tensor:
    """Forward and backward; returns the features."""
    x.grad = None
    result = function(x)
    result.square().sum().backward()
    return result.detach()


def main() -> None:
    """Measure both."""
    no_options(__doc__)
    torch.manual_seed(0)
    x = torch.randn(BATCH, CHANNELS, CELLS, CELLS, requires_grad=True)
    corner = torch.randint(0, PIXELS - SIDE, (BATCH, REGIONS, 2))
    boxes = torch.cat([corner, corner + SIDE], dim=-1)
    ours = partial(pool_regions, boxes=boxes, input_size=PIXELS)
    reference = partial(upsample_then_average, boxes=boxes, input_size=PIXELS)
    difference = (step(ours, x) - step(reference, x)).abs().max().item()
    if difference > 1e-5:
        raise SystemExit(f'the two results differ by {difference:.2e}')
    ours_seconds = median_seconds(lambda: step(ours, x), 20)
    reference_seconds = median_seconds(lambda: step(reference, x), 5)
    report(
        'local_features',
        {
            'largest_difference': difference,
            'reference_seconds': round(reference_seconds, 4),
            'ours_seconds': round(ours_seconds, 5),
            'times_faster': round(reference_seconds / ours_seconds, 1),
        },
    )


if __name__ == '__main__':
    main()
