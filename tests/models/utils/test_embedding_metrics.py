import math

import pytest
import torch

from glcnet_plugin.models.utils.embedding_metrics import embedding_metrics


def test_orthogonal_items_seen_alike():
    """Four unit vectors: closed forms of all numbers."""
    z = torch.eye(4, dtype=torch.float64)
    found = {key: value.item() for key, value in embedding_metrics(z, 3 * z).items()}
    assert found['alignment'] == pytest.approx(0, abs=1e-12)
    assert found['uniformity'] == pytest.approx(-4)  # squared distance 2, times -2
    assert (found['positive'], found['hardest_negative']) == pytest.approx((1, 0))
    assert found['effective_rank'] == pytest.approx(3)  # centring takes one dimension
    # deviation of (1, 0, 0, 0) is 1/2, times sqrt(4)
    assert found['std'] == pytest.approx(1)
    assert found['mean_norm'] == pytest.approx(0.5)  # mean (1/4, 1/4, 1/4, 1/4)


def test_collapse_to_one_direction():
    z = torch.ones(8, 6) * torch.rand(8, 1)
    found = embedding_metrics(z, z)
    assert found['std'] < 1e-3 and found['uniformity'].item() == pytest.approx(0, abs=1e-3)
    for name in ('hardest_negative', 'mean_norm'):
        assert found[name].item() == pytest.approx(1, abs=1e-5)


def test_collapse_to_a_line():
    signs = torch.tensor([1.0, -1, 1, -1, 1, -1])
    z = signs[:, None] * torch.tensor([[1.0, 2, 3]])
    found = embedding_metrics(z, z)
    assert found['effective_rank'].item() == pytest.approx(1, abs=1e-3)
    assert found['mean_norm'].item() == pytest.approx(0, abs=1e-6)


def test_even_directions_have_full_rank_and_std():
    z = torch.randn(5000, 16)
    found = embedding_metrics(z, torch.randn(5000, 16))
    assert found['effective_rank'] > 15.9 and found['std'].item() == pytest.approx(1, abs=0.02)
    # independent views: squared distance 2 on average
    assert found['alignment'].item() == pytest.approx(2, abs=0.05)


def test_uniformity_equals_the_loop():
    z = torch.randn(5, 3, dtype=torch.float64)
    unit = z / z.norm(dim=1, keepdim=True)
    terms = [
        math.exp(-2 * float((unit[i] - unit[j]).square().sum()))
        for i in range(5)
        for j in range(5)
        if i != j
    ]
    expected = math.log(sum(terms) / len(terms))
    assert embedding_metrics(z, z)['uniformity'].item() == pytest.approx(expected)


def test_half_precision_and_no_graph():
    z = torch.randn(6, 4, requires_grad=True)
    found = embedding_metrics(z.bfloat16(), z.bfloat16())
    assert all(v.dtype == torch.float32 and not v.requires_grad for v in found.values())


@pytest.mark.parametrize('bad', [math.nan, math.inf])
def test_embeddings_that_are_not_finite_give_nan_and_no_error(bad):
    z = torch.randn(8, 16)
    z[3, 2] = bad
    found = embedding_metrics(z, z)
    assert all(found[key].isnan() for key in ('effective_rank', 'std', 'alignment', 'uniformity'))
