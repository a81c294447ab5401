import torch

from glcnet_plugin.models.heads import AverageContrastHead
from glcnet_plugin.models.losses import nt_xent


def test_means_only():
    head = AverageContrastHead(in_channels=3)
    maps = torch.rand(8, 3, 4, 4)
    z = head.projector(maps.mean((2, 3)))
    torch.testing.assert_close(head.loss(maps).loss, nt_xent(z[:4], z[4:], 0.5))


def test_blind_to_variance():
    head = AverageContrastHead(in_channels=3)
    maps = torch.rand(4, 3, 4, 4)
    mean = maps.mean((2, 3), keepdim=True)
    torch.testing.assert_close(head.embed(mean + 5 * (maps - mean)), head.embed(maps))


def test_half_maps_are_averaged_in_float32():
    maps = torch.full((1, 1, 64, 64), 2049.0).bfloat16()
    assert AverageContrastHead(in_channels=1).describe(maps).dtype == torch.float32
