import pytest
import torch

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.heads import LocalMatchingHead
from glcnet_plugin.models.losses import nt_xent
from glcnet_plugin.models.utils import pool_regions, sample_regions


def test_defaults_are_the_official_settings():
    head = LocalMatchingHead()
    assert [tuple(p.shape) for p in head.parameters()] == [(64, 64), (64,), (64, 64), (64,)]
    assert (head.num_regions, head.region_sizes) == (4, [48])


def test_loss_compares_the_same_region_in_both_views():
    head = LocalMatchingHead(in_channels=3, num_regions=2, region_size=8)
    maps, matrices = torch.rand(6, 3, 8, 8), torch.eye(3).repeat(3, 2, 1, 1)
    torch.manual_seed(5)
    output = head.loss(maps, matrices, (32, 32), False)
    torch.manual_seed(5)
    boxes, valid = sample_regions(matrices, 32, 2, 8)
    z1 = head.projector(pool_regions(maps[:3], boxes[:, 0], 32)).flatten(0, 1)
    z2 = head.projector(pool_regions(maps[3:], boxes[:, 1], 32)).flatten(0, 1)
    torch.testing.assert_close(output.loss, nt_xent(z1, z2, 0.5))
    torch.testing.assert_close(output.z1, z1)
    torch.testing.assert_close(output.z2, z2)
    assert torch.equal(output.boxes, boxes) and torch.equal(output.valid, valid.flatten())


def test_images_without_common_ground_are_left_out():
    head = LocalMatchingHead(in_channels=3, num_regions=2, region_size=8)
    matrices = torch.eye(3).repeat(3, 2, 1, 1)
    matrices[0, 1, 0, 2] = 1000.0  # view 2 of the first image lies far away
    maps = torch.rand(6, 3, 8, 8, requires_grad=True)
    output = head.loss(maps, matrices, (32, 32), False)
    output.loss.backward()
    assert output.chance.item() == pytest.approx(
        torch.tensor(6.0).log().item()
    )  # 4 regions are left
    assert (maps.grad[[0, 3]] == 0).all() and (maps.grad[1] != 0).any()


def test_no_region_at_all_gives_zero():
    head = LocalMatchingHead(in_channels=3, num_regions=2, region_size=8)
    matrices = torch.eye(3).repeat(2, 2, 1, 1)
    matrices[:, 1, 0, 2] = 1000.0
    maps = torch.rand(4, 3, 8, 8, requires_grad=True)
    loss = head.loss(maps, matrices, (32, 32), False).loss
    loss.backward()
    assert loss.item() == 0


@pytest.mark.parametrize('settings', [dict(num_regions=0), dict(region_size=0)])
def test_counts_must_be_positive(settings):
    with pytest.raises(ConfigError, match='at least 1'):
        LocalMatchingHead(**settings)


def test_sizes_share_the_regions():
    head = LocalMatchingHead(in_channels=3, num_regions=6, region_size=(4, 8, 12))
    boxes, valid = head.draw_regions(torch.eye(3).repeat(2, 2, 1, 1), (32, 32))
    assert boxes.shape == (2, 2, 6, 4) and valid.shape == (2, 6)
    sides = (boxes[..., 2] - boxes[..., 0])[0, 0]
    torch.testing.assert_close(sides, torch.tensor([4.0, 4, 8, 8, 12, 12]))


def test_ground_aligned_regions_reach_the_drawing():
    head = LocalMatchingHead(in_channels=3, region_size=8, ground_aligned=True)
    matrices = torch.eye(3).repeat(2, 2, 1, 1)
    matrices[:, 1, 0, 0] = 0.5  # view 2 is half as wide on the ground
    boxes, _ = head.draw_regions(matrices, (32, 32))
    sides = boxes[..., 2:] - boxes[..., :2]  # (B, 2, K, 2)
    torch.testing.assert_close(sides[:, 1, :, 0], torch.full((2, 4), 4.0))
    torch.testing.assert_close(sides[:, 1, :, 1], torch.full((2, 4), 8.0))


@pytest.mark.parametrize('exclude', ['image', 'scene'])
def test_regions_of_one_group_are_no_negatives(exclude):
    head = LocalMatchingHead(in_channels=3, num_regions=2, region_size=8, exclude=exclude)
    maps, matrices = torch.rand(6, 3, 8, 8), torch.eye(3).repeat(3, 2, 1, 1)
    scenes = torch.tensor([5, 5, 1])
    torch.manual_seed(5)
    loss = head.loss(maps, matrices, (32, 32), False, scenes).loss
    torch.manual_seed(5)
    boxes, _ = head.draw_regions(matrices, (32, 32))
    z1, z2 = (
        head.embed(half, boxes[:, view], (32, 32), False).flatten(0, 1)
        for view, half in enumerate(maps.chunk(2))
    )
    groups = torch.tensor([0, 1, 2]) if exclude == 'image' else scenes
    expected = nt_xent(z1, z2, groups=groups.repeat_interleave(2))
    torch.testing.assert_close(loss, expected)


def test_regions_that_do_not_divide():
    with pytest.raises(ConfigError, match='num_regions=4 does not divide among the 3 sizes'):
        LocalMatchingHead(num_regions=4, region_size=(32, 48, 64))


def test_norm_reaches_the_projector():
    head = LocalMatchingHead(in_channels=3, num_regions=2, region_size=8, norm=True)
    output = head.loss(torch.rand(6, 3, 8, 8), torch.eye(3).repeat(3, 2, 1, 1), (32, 32), False)
    assert output.z1.shape == (6, 64) and head.projector[1].num_batches_tracked == 1
