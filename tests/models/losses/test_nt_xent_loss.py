import math

import pytest
import torch

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.losses import NTXentLoss, nt_xent


def test_module_passes_its_settings_on():
    z1, z2 = torch.randn(2, 4, 3)
    result = NTXentLoss(0.2, True)(z1, z2)
    torch.testing.assert_close(result, nt_xent(z1, z2, 0.2, True))


@pytest.mark.parametrize('positive_in_denominator', [False, True])
def test_chance_level_is_the_loss_of_equal_similarities(positive_in_denominator):
    loss = NTXentLoss(positive_in_denominator=positive_in_denominator)
    same = torch.ones(5, 3)
    assert loss.chance_level(5) == pytest.approx(loss(same, same).item())
    assert loss.chance_level(5) == pytest.approx(math.log(8 + positive_in_denominator))


def test_bad_temperature_is_refused_when_built():
    with pytest.raises(ConfigError, match='got 0'):
        NTXentLoss(temperature=0)


def test_groups_are_passed_on_and_counted():
    z1, z2 = torch.randn(2, 4, 3)
    groups = torch.tensor([0, 0, 0, 1])
    loss = NTXentLoss()
    torch.testing.assert_close(loss(z1, z2, groups), nt_xent(z1, z2, groups=groups))
    same = torch.ones(4, 3)  # three items with 2 negatives, one with 6
    expected = (3 * math.log(2) + math.log(6)) / 4
    assert loss.chance_level(4, groups).item() == pytest.approx(expected)
    assert loss(same, same, groups).item() == pytest.approx(expected)


def test_chance_level_of_one_group():
    assert NTXentLoss().chance_level(3, torch.zeros(3)).item() == 0
