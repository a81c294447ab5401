"""Tiles of a jigsaw puzzle."""

import torch
from torch import Tensor

from glcnet_plugin.errors import ConfigError


def cut_tiles(
    images: Tensor, grid: int, tile_size: int, generator: torch.Generator | None = None
) -> Tensor:
    """Cut one tile at a random place out of each cell of a grid.

    The gaps keep edges from revealing which tiles are neighbours (Noroozi and Favaro, ECCV
    2016, on shortcuts). The remainder at the right and the bottom is not used.

    Args:
        images: (N, bands, H, W).
        grid: G, cells along each side.
        tile_size: t, side of a tile in pixels.
        generator: Random generator on the device of the images.

    Returns:
        (N, G * G, bands, t, t), row by row.

    Raises:
        ConfigError: If a tile does not fit into a cell.
    """
    count, _, height, width = images.shape
    room = min(height, width) // grid
    if not 0 < tile_size <= room:
        raise ConfigError(
            f'tile_size must lie in 1..{room} (cells of a {grid}x{grid} grid on {height}x{width} '
            f'views), got {tile_size}: use smaller tiles or larger views'
        )
    device, cell = images.device, torch.arange(grid * grid, device=images.device)
    pixels = torch.arange(tile_size, device=device)
    index = []
    for side, position in ((height // grid, cell // grid), (width // grid, cell % grid)):
        jitter = torch.randint(
            side - tile_size + 1, (count, grid * grid), device=device, generator=generator
        )
        index.append((position * side + jitter)[..., None] + pixels)  # (N, G * G, t)
    rows, columns = index
    image = torch.arange(count, device=device)[:, None, None, None]
    tiles = images.permute(0, 2, 3, 1)[image, rows[..., :, None], columns[..., None, :]]
    return tiles.permute(0, 1, 4, 2, 3)
