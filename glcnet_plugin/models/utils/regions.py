"""Regions that show the same ground in both views, and their mean features.

Shapes: B images, N maps, K regions, D channels, C candidates. Boxes are x0, y0, x1, y1 in
view pixels, edges convention (see :mod:`glcnet_plugin.geometry`).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.geometry import map_points, size_pair
from glcnet_plugin.models.utils.precision import full_precision

# Candidates per region. With the official crops a draw of 32 leaves a region without a
# separate place only where the common ground has none.
CANDIDATES_PER_REGION = 32
# Two regions closer than this, in view pixels, count as one.
SAME_PLACE = 1.0
# Slack in pixels for float32 rounding of coordinates of a few thousand pixels.
ROUNDING = 1e-2


def sample_regions(
    view_matrix: Tensor,
    input_size: int | tuple[int, int],
    num_regions: int,
    region_size: int,
    generator: torch.Generator | None = None,
    ground_aligned: bool = False,
) -> tuple[Tensor, Tensor]:
    """Draw squares of equal pixel size around points that both views show.

    Centres are uniform over the places where the square lies inside both views. As in the
    official code, a centre does not fall into an earlier square of view 1 while there is
    another place (GLCNet, section III-C); when there is none, the place farthest from the
    earlier ones is taken.

    Differences: the official code warps an index image and searches it; here the matrices
    say directly where a point lies, so centres agree to float rounding.

    Args:
        view_matrix: (B, 2, 3, 3) affine matrices, source pixels to view pixels.
        input_size: Side of the views in pixels, or (H, W).
        num_regions: K, regions per image.
        region_size: Side of a region in view pixels.
        generator: Random generator on the device of ``view_matrix``.
        ground_aligned: Whether the box in view 2 covers the ground of the box in view 1, so
            that it grows and shrinks with the scale and aspect of the views. False for the
            official boxes, squares of one size around the same point.

    Returns:
        Boxes (B, 2, K, 4), and valid (B, K): False where the views share no room for a
        region (its box is then the middle of the view), or where it would repeat an earlier
        region of the image to within a pixel.

    Raises:
        ConfigError: If a region does not fit into a view.
    """
    height, width = size_pair(input_size)
    if not 0 < region_size <= min(height, width):
        raise ConfigError(
            f'region_size must lie in 1..{min(height, width)} (the shorter side of the '
            f'{height}x{width} views), got {region_size}: use smaller regions or larger views'
        )
    if num_regions < 1:
        raise ConfigError(f'num_regions must be at least 1, got {num_regions}')
    # a coordinate in half precision is off by whole pixels
    with full_precision(view_matrix) as (view_matrix,):
        # filled on the device: new_tensor would wait for it
        side = torch.stack([view_matrix.new_full((), length) for length in (width, height)])
        # inv_ex, since inv waits for the device to look for singular matrices
        between = view_matrix.flip(1) @ torch.linalg.inv_ex(view_matrix).inverse  # (B, 2, 3, 3)
        to_view2 = between[:, 0]  # (B, 3, 3)
        half = torch.full_like(view_matrix[:, :, 0, :2], region_size / 2)  # (B, 2 views, 2)
        if ground_aligned:
            # flips and quarter turns keep boxes axis-aligned
            half[:, 1] = (to_view2[:, :2, :2].abs() @ half[:, 0, :, None])[..., 0]

        candidates, feasible = _candidates(
            between, half, side - half, num_regions * CANDIDATES_PER_REGION, generator
        )
        chosen, valid = _spread(candidates, feasible, num_regions, region_size / 2)
        any_room = feasible.any(1)[:, None, None, None]  # (B, 1, 1, 1)
        centres = torch.stack([chosen, map_points(to_view2, chosen)], dim=1)  # (B, 2, K, 2)
        centres = torch.where(any_room, centres, side / 2)
        half = half[:, :, None]  # (B, 2, 1, 2)
        return torch.cat([centres - half, centres + half], dim=-1), valid


def _candidates(
    between: Tensor,
    lowest: Tensor,
    highest: Tensor,
    count: int,
    generator: torch.Generator | None,
) -> tuple[Tensor, Tensor]:
    """Random centres in view 1 and whether they are centres in view 2 too.

    Args:
        between: (B, 2, 3, 3) pixels of view 1 to those of view 2, and back.
        lowest: (B, 2, 2) least centre coordinates in either view.
        highest: (B, 2, 2) greatest centre coordinates in either view.
        count: C.
        generator: Random generator.

    Returns:
        Points (B, C, 2) in view 1 and feasible (B, C).
    """
    # the box around the places of view 2, seen from view 1
    middle, reach = (lowest[:, 1] + highest[:, 1]) / 2, (highest[:, 1] - lowest[:, 1]) / 2  # (B, 2)
    middle = map_points(between[:, 1], middle[:, None])[:, 0]
    reach = (between[:, 1, :2, :2].abs() @ reach[..., None])[..., 0]
    lower = torch.maximum(middle - reach, lowest[:, 0])  # (B, 2)
    room = torch.minimum(middle + reach, highest[:, 0]) - lower  # (B, 2)
    share = torch.rand(
        len(between), count, 2, generator=generator, device=between.device, dtype=between.dtype
    )
    points = lower[:, None] + room.clamp(min=0)[:, None] * share  # (B, C, 2)
    there = map_points(between[:, 0], points)
    least, most = lowest[:, 1, None] - ROUNDING, highest[:, 1, None] + ROUNDING  # (B, 1, 2)
    inside = ((there >= least) & (there <= most)).all(-1)
    return points, inside & (room >= 0).all(-1)[:, None]


def _spread(points: Tensor, feasible: Tensor, count: int, half: float) -> tuple[Tensor, Tensor]:
    """Choose points in turn, none in the square around an earlier one where possible.

    Args:
        points: (B, C, 2) candidates in random order.
        feasible: (B, C) which of them may be chosen.
        count: K.
        half: Half the side of the squares, in pixels.

    Returns:
        Points (B, K, 2), and (B, K) whether each is feasible and no repetition.
    """
    rows = torch.arange(len(points), device=points.device)
    distance = torch.full_like(points[..., 0], torch.inf)  # (B, C), to the nearest chosen
    far_enough = max(half, SAME_PLACE)
    chosen, valid = [], []
    for _ in range(count):
        # the first of those that are far enough, else the feasible one farthest from all chosen
        score = torch.where(feasible, distance.clamp(max=far_enough), -1.0)
        best, index = score.max(1)  # (B,) each
        point = points[rows, index]  # (B, 2)
        chosen.append(point)
        valid.append(best >= SAME_PLACE)
        reach = (points - point[:, None]).abs().amax(-1)  # (B, C), Chebyshev
        distance = torch.minimum(distance, reach)
    return torch.stack(chosen, 1), torch.stack(valid, 1)


def pool_regions(
    x: Tensor, boxes: Tensor, input_size: int | tuple[int, int], align_corners: bool = False
) -> Tensor:
    """Mean of the bilinearly upsampled map over boxes, without upsampling it.

    Upsampling and averaging are linear and separable, so the mean over a box is a weighted
    sum of the cells of the small map, a product of one weight vector per axis. For boxes with whole
    coordinates this equals ``F.interpolate(x, input_size, mode='bilinear')`` averaged over
    the box; a pixel that a box cuts counts by the share that lies inside.

    Args:
        x: (N, D, h, w) feature map.
        boxes: (N, K, 4) boxes in view pixels; what lies outside the view does not count.
        input_size: Size of the views in pixels, side or (H, W).
        align_corners: As in ``F.interpolate``.

    Returns:
        (N, K, D) mean features in float32 or wider.

    Raises:
        ConfigError: If boxes and maps differ in number.
    """
    if boxes.ndim != 3 or boxes.shape[-1] != 4 or len(boxes) != len(x):
        raise ConfigError(
            f'boxes must have shape (N, K, 4) with N = {len(x)} maps, got {tuple(boxes.shape)}'
        )
    height, width = size_pair(input_size)
    with full_precision(x, boxes) as (x, boxes):
        boxes = boxes.to(x.dtype)
        x0, y0, x1, y1 = boxes.unbind(-1)  # (N, K) each
        along_x = _axis_weights(x0, x1, x.shape[-1], width, align_corners)  # (N, K, w)
        along_y = _axis_weights(y0, y1, x.shape[-2], height, align_corners)  # (N, K, h)
        weights = (along_y[..., None] * along_x[..., None, :]).flatten(2)  # (N, K, h * w)
        cells = x.flatten(2)  # (N, D, h * w)
        # either way the gradient is laid out as the map is, with the channels first or last
        return (cells @ weights.mT).mT if cells.is_contiguous() else weights @ cells.mT


def _axis_weights(
    low: Tensor, high: Tensor, cells: int, pixels: int, align_corners: bool
) -> Tensor:
    """Weights of the cells of one axis in the mean over [low, high] of the upsampled axis.

    Args:
        low: (N, K) lower ends in pixels.
        high: (N, K) upper ends in pixels.
        cells: Length of the axis of the small map.
        pixels: Length of the upsampled axis.
        align_corners: As in ``F.interpolate``.

    Returns:
        (N, K, cells) weights that sum to 1, or to 0 for an interval outside the axis.
    """
    identity = torch.eye(cells, dtype=low.dtype, device=low.device)[None]  # (1, cells, cells)
    # F.interpolate of unit vectors gives its matrix: (cells, pixels)
    upsample = F.interpolate(identity, pixels, mode='linear', align_corners=align_corners)[0]
    edges = torch.arange(pixels + 1, dtype=low.dtype, device=low.device)
    covered = torch.minimum(high[..., None], edges[1:]) - torch.maximum(low[..., None], edges[:-1])
    covered = covered.clamp(min=0)  # (N, K, pixels)
    total = covered.sum(-1, keepdim=True).clamp(min=torch.finfo(low.dtype).eps)
    return (covered @ upsample.T) / total
