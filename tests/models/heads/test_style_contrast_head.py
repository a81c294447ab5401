import math

import torch

from glcnet_plugin.models.heads import AverageContrastHead, StyleContrastHead
from glcnet_plugin.models.losses import nt_xent
from glcnet_plugin.models.utils import style_vector


def test_defaults_are_the_official_sizes():
    head = StyleContrastHead()
    assert [tuple(p.shape) for p in head.parameters()] == [(256, 512), (256,), (64, 256), (64,)]


def test_loss_pairs_the_halves_of_the_batch():
    head = StyleContrastHead(in_channels=6)
    maps = torch.rand(8, 3, 4, 4)
    z = head.projector(style_vector(maps))
    output = head.loss(maps)
    torch.testing.assert_close(output.loss, nt_xent(z[:4], z[4:], 0.5))
    torch.testing.assert_close(torch.cat([output.z1, output.z2]), z)
    assert output.valid is None and output.boxes is None
    assert output.chance.item() == torch.tensor(math.log(6)).item()


def test_images_of_one_scene_are_no_negatives():
    head = StyleContrastHead(in_channels=6, exclude='scene')
    maps = torch.rand(8, 3, 4, 4)
    scenes = torch.tensor([0, 0, 1, 1])
    z = head.embed(maps)
    output = head.loss(maps, scenes)
    torch.testing.assert_close(output.loss, nt_xent(z[:4], z[4:], 0.5, groups=scenes))
    assert output.chance.item() == torch.tensor(math.log(4)).item()


def test_average_head_reads_means_only():
    head = AverageContrastHead(in_channels=3)
    maps = torch.rand(8, 3, 4, 4)
    z = head.projector(maps.mean((2, 3)))
    torch.testing.assert_close(head.loss(maps).loss, nt_xent(z[:4], z[4:], 0.5))


def test_average_head_is_blind_to_variance():
    head = AverageContrastHead(in_channels=3)
    maps = torch.rand(4, 3, 4, 4)
    mean = maps.mean((2, 3), keepdim=True)
    torch.testing.assert_close(head.embed(mean + 5 * (maps - mean)), head.embed(maps))


def test_average_head_half_maps_are_averaged_in_float32():
    maps = torch.full((1, 1, 64, 64), 2049.0).bfloat16()
    assert AverageContrastHead(in_channels=1).describe(maps).dtype == torch.float32


def test_norm_reaches_the_projector():
    head = StyleContrastHead(in_channels=6, norm=True)
    assert head.embed(torch.rand(4, 3, 5, 5)).shape == (4, 64)
    assert head.projector[1].num_batches_tracked == 1
