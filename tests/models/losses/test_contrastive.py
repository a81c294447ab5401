import math

import numpy as np
import pytest
import torch

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.losses import contrastive, nt_xent
from glcnet_plugin.models.losses.contrastive import has_negatives, item_losses, queue_nt_xent


def reference(z1, z2, temperature, positive_in_denominator):
    """The formula, item by item."""
    z = torch.cat([z1, z2]).double()
    z = z / z.norm(dim=1, keepdim=True)
    n = len(z1)
    total = 0.0
    for i in range(2 * n):
        partner = (i + n) % (2 * n)
        others = [j for j in range(2 * n) if j != i and (positive_in_denominator or j != partner)]
        below = sum(math.exp(float(z[i] @ z[j]) / temperature) for j in others)
        total -= math.log(math.exp(float(z[i] @ z[partner]) / temperature) / below)
    return total / (2 * n)


@pytest.mark.parametrize('index', range(6))
def test_reproduces_the_official_loss_and_gradients(official, index):
    a, b = (torch.from_numpy(official[f'ntxent{index}_{side}']).requires_grad_() for side in 'ab')
    loss = nt_xent(a, b, float(official[f'ntxent{index}_tau']))
    loss.backward()
    np.testing.assert_allclose(loss.item(), official[f'ntxent{index}_loss'], rtol=1e-5)
    for side, tensor in (('a', a), ('b', b)):
        expected = official[f'ntxent{index}_grad_{side}']
        error = np.abs(tensor.grad.numpy() - expected).max() / np.abs(expected).max()
        assert error < 1e-4


@pytest.mark.parametrize('positive_in_denominator', [False, True])
@pytest.mark.parametrize(('count', 'temperature'), [(2, 0.5), (3, 0.1), (7, 1.0)])
def test_equals_the_loop(count, temperature, positive_in_denominator):
    z1, z2 = torch.randn(2, count, 5)
    result = nt_xent(z1, z2, temperature, positive_in_denominator)
    expected = reference(z1, z2, temperature, positive_in_denominator)
    assert result.item() == pytest.approx(expected, rel=1e-5)


def test_closed_form_of_orthogonal_items():
    z = torch.eye(4)  # positives at 1, negatives at 0: log(6 exp(0)) - 1 / t
    assert nt_xent(z, z, 0.5).item() == pytest.approx(math.log(6) - 2, rel=1e-6)
    simclr = math.log(6 + math.exp(2)) - 2
    assert nt_xent(z, z, 0.5, True).item() == pytest.approx(simclr, rel=1e-6)


def test_symmetric_in_views_and_items_and_blind_to_length():
    z1, z2 = torch.randn(2, 6, 4)
    order = torch.randperm(6)
    loss = nt_xent(z1, z2)
    torch.testing.assert_close(nt_xent(z2, z1), loss)
    torch.testing.assert_close(nt_xent(z1[order], z2[order]), loss)
    torch.testing.assert_close(nt_xent(3 * z1, 0.1 * z2), loss)


@pytest.mark.parametrize('positive_in_denominator', [False, True])
def test_gradient(positive_in_denominator):
    z1, z2 = torch.randn(2, 3, 4, dtype=torch.float64)
    args = z1.requires_grad_(), z2.requires_grad_()
    assert torch.autograd.gradcheck(lambda a, b: nt_xent(a, b, 0.5, positive_in_denominator), args)


@pytest.mark.parametrize('dtype', [torch.half, torch.bfloat16])
def test_half_precision_at_low_temperature_is_finite(dtype):
    z1, z2 = (torch.randn(8, 16, dtype=dtype, requires_grad=True) for _ in range(2))
    with torch.autocast('cpu', torch.bfloat16):
        loss = nt_xent(z1, z2, 0.01)
    loss.backward()
    assert loss.dtype == torch.float32 and loss.isfinite()
    assert z1.grad.isfinite().all() and z2.grad.isfinite().all()
    torch.testing.assert_close(loss, nt_xent(z1.float(), z2.float(), 0.01))


def test_embeddings_of_zero_length_give_no_nan():
    z = torch.zeros(3, 4, requires_grad=True)
    nt_xent(z, z).backward()
    assert z.grad.isfinite().all()


@pytest.mark.parametrize('temperature', [0, -1, float('nan')])
def test_temperature_must_be_positive(temperature):
    with pytest.raises(ConfigError, match=f'temperature must be positive, got {temperature}'):
        nt_xent(torch.eye(2), torch.eye(2), temperature)


@pytest.mark.parametrize(('a', 'b'), [((1, 4), (1, 4)), ((3, 4), (2, 4)), ((2, 2, 4), (2, 2, 4))])
def test_shapes_are_checked(a, b):
    with pytest.raises(ConfigError, match='N >= 2'):
        nt_xent(torch.rand(a), torch.rand(b))


def grouped_reference(z1, z2, groups, temperature, positive_in_denominator):
    """The loss with groups, item by item; items without negatives are left out."""
    z = torch.cat([z1, z2]).double()
    z = z / z.norm(dim=1, keepdim=True)
    n, group = len(z1), [int(g) for g in groups] * 2
    terms = []
    for i in range(2 * n):
        partner = (i + n) % (2 * n)
        others = [j for j in range(2 * n) if group[j] != group[i]]
        if not others:
            continue
        others += [partner] if positive_in_denominator else []
        below = sum(math.exp(float(z[i] @ z[j]) / temperature) for j in others)
        terms.append(math.log(below) - float(z[i] @ z[partner]) / temperature)
    return sum(terms) / len(terms)


@pytest.mark.parametrize('positive_in_denominator', [False, True])
@pytest.mark.parametrize('groups', [[0, 0, 1, 1, 1], [4, 2, 4, 4, 4], [0, 1, 2, 3, 4]])
def test_groups_equal_the_loop(groups, positive_in_denominator):
    z1, z2 = torch.randn(2, 5, 4)
    groups = torch.tensor(groups)
    result = nt_xent(z1, z2, 0.3, positive_in_denominator, groups)
    expected = grouped_reference(z1, z2, groups, 0.3, positive_in_denominator)
    assert result.item() == pytest.approx(expected, rel=1e-5)


def test_every_item_a_group_of_its_own_is_the_plain_loss():
    z1, z2 = torch.randn(2, 6, 4)
    torch.testing.assert_close(nt_xent(z1, z2, groups=torch.arange(6)), nt_xent(z1, z2))


def test_a_batch_of_one_group_gives_zero_with_a_gradient():
    z1, z2 = torch.randn(2, 3, 4, requires_grad=True)
    loss = nt_xent(z1, z2, groups=torch.zeros(3))
    grads = torch.autograd.grad(loss, [z1, z2])
    assert loss.item() == 0 and all((g == 0).all() for g in grads)


@pytest.mark.parametrize('positive_in_denominator', [False, True])
def test_queue_equals_the_loop(positive_in_denominator):
    query, key, queue = torch.randn(3, 4), torch.randn(3, 4), torch.randn(5, 4)
    q, k, n = (x.double() / x.double().norm(dim=1, keepdim=True) for x in (query, key, queue))
    expected = 0.0
    for i in range(3):
        positive = float(q[i] @ k[i]) / 0.2
        terms = [float(q[i] @ n[j]) / 0.2 for j in range(5)]
        terms += [positive] if positive_in_denominator else []
        expected += (math.log(sum(map(math.exp, terms))) - positive) / 3
    result = queue_nt_xent(query, key, queue, 0.2, positive_in_denominator)
    assert result.item() == pytest.approx(expected, rel=1e-5)


def test_queue_without_queries_gives_zero_with_a_gradient():
    query = torch.zeros(0, 4, requires_grad=True)
    loss = queue_nt_xent(query, torch.zeros(0, 4), torch.randn(5, 4))
    loss.backward()
    assert loss.item() == 0 and query.grad.shape == (0, 4)


@pytest.mark.parametrize(
    ('groups', 'valid', 'expected'),
    [
        ([0, 1, 2], [1, 1, 1], [1, 1, 1]),
        ([5, 5, 1], [1, 1, 1], [1, 1, 1]),
        ([5, 5, 1], [1, 1, 0], [0, 0, 0]),  # all that is left is one group
        ([5, 5, 1], [0, 1, 1], [0, 1, 1]),
        ([5, 5, 1], [0, 0, 1], [0, 0, 0]),
        ([5, 1, 1], [0, 0, 0], [0, 0, 0]),
    ],
)
def test_who_has_negatives(groups, valid, expected):
    result = has_negatives(torch.tensor(groups), torch.tensor(valid, dtype=torch.bool))
    assert result.int().tolist() == expected


@pytest.mark.parametrize('positive_in_denominator', [False, True])
def test_blocks_give_the_same_values_and_gradients(monkeypatch, positive_in_denominator):
    z1, z2 = torch.randn(2, 23, 4, dtype=torch.float64)
    groups = torch.arange(23) // 2
    found = []
    for block in (10**6, 46 * 5):  # at once, and five items at a time
        monkeypatch.setattr(contrastive, 'BLOCK', block)
        a, b = z1.clone().requires_grad_(), z2.clone().requires_grad_()
        loss = nt_xent(a, b, 0.2, positive_in_denominator, groups)
        found.append([loss, *torch.autograd.grad(loss, [a, b])])
    for whole, blocks in zip(*found, strict=True):
        torch.testing.assert_close(whole, blocks, rtol=1e-12, atol=1e-12)


def test_items_that_do_not_count_are_nobodys_negatives():
    z1, z2 = torch.randn(2, 5, 4)
    valid = torch.tensor([True, False, True, True, False])
    items = torch.arange(5)
    losses = item_losses(z1, z2, items, items, valid, 0.5, False)
    assert (losses[~valid] == 0).all()
    torch.testing.assert_close(losses[valid].mean(), nt_xent(z1[valid], z2[valid], 0.5))
