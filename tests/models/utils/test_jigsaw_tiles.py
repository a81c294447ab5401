import pytest
import torch

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.utils.jigsaw_tiles import cut_tiles


def coordinates(count, height, width):
    """Images whose two bands are the row and the column of a pixel."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing='ij')
    return torch.stack([y, x]).float().repeat(count, 1, 1, 1)


def test_tiles_lie_in_their_cells():
    tiles = cut_tiles(coordinates(20, 25, 32), 3, 6)  # cells of 8 x 10
    assert tiles.shape == (20, 9, 2, 6, 6)
    for cell in range(9):
        y, x = tiles[:, cell, 0], tiles[:, cell, 1]
        assert y.min() >= cell // 3 * 8 and y.max() < (cell // 3 + 1) * 8
        assert x.min() >= cell % 3 * 10 and x.max() < (cell % 3 + 1) * 10


def test_tiles_are_whole_pieces_of_the_image():
    tiles = cut_tiles(coordinates(4, 16, 16), 2, 5)
    steps = torch.arange(5).float()
    torch.testing.assert_close(tiles[:, :, 0], tiles[:, :, 0, :1, :1] + steps[:, None].expand(5, 5))
    torch.testing.assert_close(tiles[:, :, 1], tiles[:, :, 1, :1, :1] + steps.expand(5, 5))


def test_images_are_not_mixed():
    images = torch.arange(5.0)[:, None, None, None].expand(5, 3, 12, 12)
    tiles = cut_tiles(images, 2, 4)
    assert torch.equal(tiles, torch.arange(5.0)[:, None, None, None, None].expand_as(tiles))


def test_places_vary_evenly_within_cells():
    tiles = cut_tiles(coordinates(20000, 8, 8), 2, 2)  # 3 x 3 places per cell
    for band in (0, 1):
        first = tiles[:, 3, band, 0, 0].long() - 4
        share = torch.bincount(first, minlength=3) / 20000
        torch.testing.assert_close(share, torch.full((3,), 1 / 3), atol=0.02, rtol=0)


def test_tile_as_large_as_its_cell():
    image = torch.rand(1, 3, 6, 6)
    tiles = cut_tiles(image, 2, 3)[0]
    rows = [torch.cat([tiles[0], tiles[1]], -1), torch.cat([tiles[2], tiles[3]], -1)]
    assert torch.equal(torch.cat(rows, -2), image[0])


@pytest.mark.parametrize('size', [0, 9])
def test_tile_that_does_not_fit(size):
    message = f'1..8 .cells of a 3x3 grid on 25x32 views., got {size}: use smaller tiles'
    with pytest.raises(ConfigError, match=message):
        cut_tiles(torch.rand(1, 3, 25, 32), 3, size)
