"""Balanced assignments, and R processes with n items each equal one with all of them."""

import math
import sys
from pathlib import Path

import pytest
import torch
from torch.nn.parallel import DistributedDataParallel

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.heads import LocalMatchingHead
from glcnet_plugin.models.losses import SwappedPredictionLoss
from glcnet_plugin.models.losses.swapped_prediction_loss import EPSILON, ITERATIONS, sinkhorn

ITEMS = 6  # per process


def test_assignments_are_even():
    scores = torch.rand(64, 4) / 2
    scores[:, 0] += 1  # all items are nearest to the first prototype
    assigned = sinkhorn(scores)
    torch.testing.assert_close(assigned.sum(1), torch.ones(64))
    torch.testing.assert_close(assigned.sum(0), torch.full((4,), 16.0), rtol=0.05, atol=0)


def test_assignments_are_those_of_the_published_iteration():
    scores = torch.rand(12, 3, dtype=torch.float64) * 2 - 1
    q = (scores / EPSILON).exp().T  # (K, N), as SwAV writes it
    q /= q.sum()
    for _ in range(ITERATIONS):
        q /= q.sum(1, keepdim=True) * 3
        q /= q.sum(0, keepdim=True) * 12
    torch.testing.assert_close(sinkhorn(scores), (q * 12).T)


def test_each_view_predicts_the_assignment_of_the_other():
    loss = SwappedPredictionLoss(channels=3, num_prototypes=4)
    z1, z2 = torch.randn(2, 10, 3)
    p = torch.nn.functional.normalize(loss.prototypes.detach())
    s1, s2 = (torch.nn.functional.normalize(z) @ p.T for z in (z1, z2))
    expected = 0
    for target, prediction in ((s2, s1), (s1, s2)):
        expected -= (sinkhorn(target) * (prediction / 0.1).log_softmax(1)).sum(1).mean() / 2
    result = loss(z1, z2)
    torch.testing.assert_close(result.loss, expected)
    assert result.chance.item() == pytest.approx(math.log(4))


def test_equal_scores_are_at_chance_level():
    loss = SwappedPredictionLoss(channels=3, num_prototypes=4)
    loss.prototypes.data[:] = 1
    result = loss(torch.rand(8, 3), torch.rand(8, 3))
    assert result.loss.item() == pytest.approx(result.chance.item(), rel=1e-5)


def test_only_valid_items_count():
    loss = SwappedPredictionLoss(channels=3, num_prototypes=4)
    z = torch.randn(2, 10, 3)
    valid = torch.arange(10) % 3 > 0
    torch.testing.assert_close(loss(*z, None, valid).loss, loss(*z[:, valid]).loss)


def test_no_valid_item_gives_zero_with_a_gradient():
    loss = SwappedPredictionLoss(channels=3)
    z = torch.rand(4, 3, requires_grad=True)
    result = loss(z, z, None, torch.zeros(4, dtype=torch.bool))
    result.loss.backward()
    assert result.loss.item() == result.chance.item() == 0
    assert not z.grad.any() and not loss.prototypes.grad.any()


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
def test_half_precision_stays_finite(dtype):
    loss = SwappedPredictionLoss(channels=3)
    result = loss(*(100 * torch.randn(2, 8, 3)).to(dtype))
    assert result.loss.dtype == torch.float32 and result.loss.isfinite()


def test_regions_learn_prototypes():
    settings = dict(type='glcnet_plugin.SwappedPredictionLoss', num_prototypes=4)
    head = LocalMatchingHead(in_channels=3, num_regions=8, region_size=8, loss=settings)
    optimizer = torch.optim.Adam(head.parameters(), 3e-3)
    maps, matrices = torch.rand(6, 3, 8, 8), torch.eye(3).repeat(3, 2, 1, 1)
    history = []
    for _ in range(40):
        output = head.loss(maps, matrices, (32, 32), False)
        optimizer.zero_grad()
        output.loss.backward()
        optimizer.step()
        history.append(output.loss.item())
    assert history[-1] < history[0] - 0.1


def test_negatives_cannot_be_excluded():
    with pytest.raises(ConfigError, match='no negatives: leave out exclude'):
        SwappedPredictionLoss(3)(torch.rand(4, 3), torch.rand(4, 3), torch.zeros(4))


def test_another_length_names_the_right_one():
    with pytest.raises(ConfigError, match='channels=64, but the head gives 3: set channels=3'):
        SwappedPredictionLoss()(torch.rand(4, 3), torch.rand(4, 3))


@pytest.mark.parametrize(
    ('settings', 'text'),
    [(dict(num_prototypes=1), 'at least 2, got 1'), (dict(temperature=0), 'positive, got 0')],
)
def test_bad_settings_are_refused_when_built(settings, text):
    with pytest.raises(ConfigError, match=text):
        SwappedPredictionLoss(**settings)


def step(rank=None):
    """Loss and gradient of the prototypes, of one process or of all items at once."""
    torch.manual_seed(0)
    loss = SwappedPredictionLoss(channels=3, num_prototypes=4).double()
    z = torch.randn(2, 2 * ITEMS, 3, dtype=torch.float64)
    present = torch.arange(2 * ITEMS) != ITEMS - 1  # that item of the first process is missing
    model, own = loss, present
    if rank is not None:
        model = DistributedDataParallel(loss)
        own = slice(ITEMS - 1) if rank == 0 else slice(ITEMS, None)
    total = model(*z[:, own]).loss
    total.backward()
    return total.detach(), loss.prototypes.grad


def test_processes_equal_one_with_all_items(run_ranks, tmp_path):
    run_ranks(2, [sys.executable, __file__, tmp_path])
    losses, gradients = zip(*(torch.load(tmp_path / f'{r}.pt') for r in range(2)), strict=True)
    expected, gradient = step()
    torch.testing.assert_close(sum(losses) / 2, expected)
    for one in gradients:
        torch.testing.assert_close(one, gradient)


if __name__ == '__main__':
    torch.set_num_threads(1)
    torch.distributed.init_process_group('gloo')
    rank = torch.distributed.get_rank()
    torch.save(step(rank), Path(sys.argv[1], f'{rank}.pt'))
