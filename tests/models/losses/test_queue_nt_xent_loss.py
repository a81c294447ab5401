import math

import pytest
import torch

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.losses import QueueNTXentLoss
from glcnet_plugin.models.losses.contrastive import queue_nt_xent


@pytest.mark.parametrize('positive_in_denominator', [False, True])
def test_module_passes_its_settings_on(positive_in_denominator):
    query, key = torch.randn(2, 4, 3)
    queue, valid = torch.randn(7, 3), torch.tensor([True, False, True, True])
    loss = QueueNTXentLoss(0.2, positive_in_denominator)
    expected = queue_nt_xent(query, key, queue, 0.2, positive_in_denominator)
    assert torch.equal(loss(query, key, queue).loss, expected)
    expected = queue_nt_xent(query[valid], key[valid], queue, 0.2, positive_in_denominator)
    result = loss(query, key, queue, valid)
    assert torch.equal(result.loss, expected)
    assert result.chance.item() == pytest.approx(math.log(7 + positive_in_denominator))


def test_no_valid_item_gives_zero_with_a_gradient():
    query = torch.rand(2, 3, requires_grad=True)
    nobody = torch.zeros(2, dtype=torch.bool)
    loss, _ = QueueNTXentLoss()(query, query.detach(), torch.rand(5, 3), nobody)
    loss.backward()
    assert loss.item() == 0 and query.grad.shape == (2, 3)


def test_bad_temperature_is_refused_when_built():
    with pytest.raises(ConfigError, match='got 0'):
        QueueNTXentLoss(temperature=0)
