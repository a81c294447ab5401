import math

import pytest
import torch

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.losses import NTXentLoss, nt_xent


def test_module_passes_its_settings_on():
    z1, z2 = torch.randn(2, 4, 3)
    result = NTXentLoss(0.2, True)(z1, z2)
    torch.testing.assert_close(result.loss, nt_xent(z1, z2, 0.2, True))


@pytest.mark.parametrize('groups', [None, [0, 0, 0, 1, 2], [3, 3, 3, 3, 1]])
@pytest.mark.parametrize('positive_in_denominator', [False, True])
def test_chance_level_is_the_loss_of_equal_similarities(positive_in_denominator, groups):
    loss = NTXentLoss(positive_in_denominator=positive_in_denominator)
    same = torch.ones(5, 3)
    groups = None if groups is None else torch.tensor(groups)
    result = loss(same, same, groups)
    # similarity 1 over temperature 0.5 stands on both sides
    assert result.chance.item() == pytest.approx(result.loss.item(), rel=1e-6)
    if groups is None:
        assert result.chance.item() == pytest.approx(math.log(8 + positive_in_denominator))


def test_groups_and_valid_items():
    z1, z2 = torch.randn(2, 4, 3)
    groups, valid = torch.tensor([0, 0, 2, 1]), torch.tensor([True, True, False, True])
    result = NTXentLoss()(z1, z2, groups, valid)
    expected = nt_xent(z1[valid], z2[valid], groups=groups[valid])
    torch.testing.assert_close(result.loss, expected)
    # two items with 2 negatives, one with 4
    expected = (2 * math.log(2) + math.log(4)) / 3
    assert result.chance.item() == pytest.approx(expected)


@pytest.mark.parametrize('count', [1, 3])
def test_no_negatives_give_zero_with_a_gradient(count):
    z = torch.rand(count, 4, requires_grad=True)
    loss, chance = NTXentLoss()(z, z, torch.zeros(count))
    loss.backward()
    assert loss.item() == chance.item() == 0 and z.grad.shape == (count, 4)


def test_bad_temperature_is_refused_when_built():
    with pytest.raises(ConfigError, match='got 0'):
        NTXentLoss(temperature=0)
