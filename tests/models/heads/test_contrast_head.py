import pytest
import torch

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.heads import ContrastHead


def test_projector_has_one_hidden_layer():
    head = ContrastHead(6, 5, 4)
    assert [tuple(p.shape) for p in head.parameters()] == [(5, 6), (5,), (4, 5), (4,)]
    assert head.project(torch.rand(2, 3, 6)).shape == (2, 3, 4)


def test_loss_settings_reach_the_loss():
    assert ContrastHead(6, 5, 4, dict(temperature=0.07)).loss_module.temperature == 0.07


def test_wrong_width_names_the_right_one():
    with pytest.raises(ConfigError, match='in_channels=6.*gives 7: set in_channels=7'):
        ContrastHead(6, 5, 4).project(torch.rand(2, 7))


@pytest.mark.parametrize('count', [0, 1])
def test_too_few_items_give_zero_with_a_gradient(count):
    z = torch.rand(count, 4, requires_grad=True)
    loss, chance = ContrastHead(6, 5, 4).contrast(z, z)
    loss.backward()
    assert loss.item() == chance.item() == 0 and z.grad.shape == (count, 4)
