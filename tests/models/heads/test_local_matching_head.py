import pytest
import torch

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.heads import LocalMatchingHead
from glcnet_plugin.models.losses import nt_xent
from glcnet_plugin.models.utils import pool_regions, sample_regions


def test_defaults_are_the_official_settings():
    head = LocalMatchingHead()
    assert [tuple(p.shape) for p in head.parameters()] == [(64, 64), (64,), (64, 64), (64,)]
    assert (head.num_regions, head.region_size) == (4, 48)


def test_loss_compares_the_same_region_in_both_views():
    head = LocalMatchingHead(in_channels=3, num_regions=2, region_size=8)
    maps, matrices = torch.rand(6, 3, 8, 8), torch.eye(3).repeat(3, 2, 1, 1)
    torch.manual_seed(5)
    loss, _ = head.loss(maps, matrices, (32, 32), False)
    torch.manual_seed(5)
    boxes, _ = sample_regions(matrices, 32, 2, 8)
    z1 = head.projector(pool_regions(maps[:3], boxes[:, 0], 32)).flatten(0, 1)
    z2 = head.projector(pool_regions(maps[3:], boxes[:, 1], 32)).flatten(0, 1)
    torch.testing.assert_close(loss, nt_xent(z1, z2, 0.5))


def test_images_without_common_ground_are_left_out():
    head = LocalMatchingHead(in_channels=3, num_regions=2, region_size=8)
    matrices = torch.eye(3).repeat(3, 2, 1, 1)
    matrices[0, 1, 0, 2] = 1000.0  # view 2 of the first image lies far away
    maps = torch.rand(6, 3, 8, 8, requires_grad=True)
    loss, chance = head.loss(maps, matrices, (32, 32), False)
    loss.backward()
    assert chance.item() == pytest.approx(torch.tensor(6.0).log().item())  # 4 regions are left
    assert (maps.grad[[0, 3]] == 0).all() and (maps.grad[1] != 0).any()


def test_no_region_at_all_gives_zero():
    head = LocalMatchingHead(in_channels=3, num_regions=2, region_size=8)
    matrices = torch.eye(3).repeat(2, 2, 1, 1)
    matrices[:, 1, 0, 2] = 1000.0
    loss, _ = head.loss(torch.rand(4, 3, 8, 8, requires_grad=True), matrices, (32, 32), False)
    loss.backward()
    assert loss.item() == 0


@pytest.mark.parametrize('settings', [dict(num_regions=0), dict(region_size=0)])
def test_counts_must_be_positive(settings):
    with pytest.raises(ConfigError, match='at least 1'):
        LocalMatchingHead(**settings)
