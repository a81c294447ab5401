"""Jigsaw: predict how the tiles of an image were shuffled."""

from typing import Any

import torch
import torch.nn.functional as F
from mmpretrain.models.selfsup import BaseSelfSupervisor
from mmpretrain.structures import DataSample
from torch import Tensor, nn

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.channel_inference import output_channels
from glcnet_plugin.models.data_preprocessors.multiband import RSSelfSupDataPreprocessor
from glcnet_plugin.models.utils.jigsaw_tiles import cut_tiles
from glcnet_plugin.models.utils.permutations import read_permutations, spread_permutations
from glcnet_plugin.registry import MODELS


@MODELS.register_module()
class Jigsaw(BaseSelfSupervisor):
    """Cut an image into tiles, shuffle them, and classify the permutation.

    Source: Noroozi and Favaro, Unsupervised Learning of Visual Representations by Solving
    Jigsaw Puzzles, ECCV 2016, https://arxiv.org/abs/1603.09246, with the 1000 permutations of
    GLCNet's baseline.

    Differences: the last map of the backbone is averaged before the layer that the tiles
    share, so that any backbone fits. Tiles are not normalised one by one: in images from above,
    much of the content is colour, and fine-tuning does not do so either.

    Args:
        backbone: Config of any mmseg or mmpretrain backbone, with the prefix of its host.
        permutations: Number of permutations, chosen by :func:`spread_permutations`, or a file
            with them, see :func:`read_permutations`.
        grid: Tiles along each side.
        tile_size: Side of a tile in pixels; less than a cell of the grid, so that the position
            of the tile varies.
        tile_channels: Length of the description of a tile.
        hidden_channels: Width of the layer that sees all tiles.
        data_preprocessor: Config; :class:`RSSelfSupDataPreprocessor` where it names no type.
        init_cfg: Initialisation, as in every MM model.

    Raises:
        ConfigError: If the grid has not 2 or 3 tiles along a side, or for permutations that
            do not exist.
    """

    permutations: Tensor

    def __init__(
        self,
        backbone: dict[str, Any],
        permutations: int | str = 1000,
        grid: int = 3,
        tile_size: int = 64,
        tile_channels: int = 1024,
        hidden_channels: int = 4096,
        data_preprocessor: dict[str, Any] | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        if grid not in (2, 3):
            raise ConfigError(f'grid must be 2 or 3, got {grid}')
        super().__init__(
            backbone,
            data_preprocessor={'type': RSSelfSupDataPreprocessor, **(data_preprocessor or {})},
            init_cfg=init_cfg,
        )
        channels = output_channels(self.backbone, str(backbone['type']))
        cells = grid * grid
        if isinstance(permutations, int):
            table = spread_permutations(permutations, cells)
        else:
            table = read_permutations(permutations, cells)
        self.register_buffer('permutations', torch.tensor(table), persistent=False)
        self.grid = grid
        self.tile_size = tile_size
        self.describe = nn.Sequential(nn.Linear(channels[-1], tile_channels), nn.ReLU())
        self.solve = nn.Sequential(
            nn.Linear(cells * tile_channels, hidden_channels),
            nn.ReLU(),
            nn.Linear(hidden_channels, len(table)),
        )

    def loss(self, inputs: list[Tensor], data_samples: list[DataSample]) -> dict[str, Tensor]:
        """Loss of a batch; each view is an image of its own.

        Args:
            inputs: Views, (B, bands, H, W) each.
            data_samples: Not used.

        Returns:
            ``loss_jigsaw``, the cross entropy over the permutations, and ``accuracy``, the
            share of images whose permutation is
            classified correctly.
        """
        tiles = cut_tiles(torch.cat(inputs), self.grid, self.tile_size)
        count, cells = tiles.shape[:2]
        maps = self.backbone(tiles.flatten(0, 1))[-1]  # (N * cells, C, h, w)
        described = self.describe(maps.mean((-2, -1))).view(count, cells, -1)
        target = torch.randint(len(self.permutations), (count,), device=tiles.device)
        # shuffling the descriptions equals shuffling the tiles: all pass the same network
        order = self.permutations[target][..., None].expand_as(described)
        logits = self.solve(described.gather(1, order).flatten(1))
        return {
            'loss_jigsaw': F.cross_entropy(logits, target),
            'accuracy': (logits.argmax(1) == target).float().mean(),
        }
