import pytest
import torch
from torch import nn

from glcnet_plugin.models.utils.batch_norm import (
    batch_norms,
    batches_of_one_size,
    evenly_spaced,
    recalibrate,
)


def test_norms_of_all_kinds():
    network = nn.Sequential(nn.BatchNorm2d(2), nn.GroupNorm(1, 2), nn.Sequential(nn.BatchNorm1d(2)))
    network.append(nn.SyncBatchNorm(2))
    assert batch_norms(network) == [network[0], network[2][0], network[3]]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm, self.unused = nn.BatchNorm2d(3, momentum=0.3), nn.BatchNorm2d(3)
        self.dropout = nn.Dropout(0.5)
        self.last = nn.BatchNorm2d(3)

    def forward(self, x):
        return self.last(self.dropout(self.norm(x)))


def test_statistics_are_means_over_the_batches():
    network = Net()
    network(torch.rand(4, 3, 8, 8) + 7)
    network.unused(torch.rand(4, 3, 8, 8) + 7)
    kept = network.unused.running_mean.clone()
    batches = [torch.rand(4, 3, 8, 8), torch.rand(2, 3, 4, 4)]
    recalibrate(network, batches)
    means = [batch.mean((0, 2, 3)) for batch in batches]
    variances = [batch.var((0, 2, 3)) for batch in batches]
    torch.testing.assert_close(network.norm.running_mean, sum(means) / 2)
    torch.testing.assert_close(network.norm.running_var, sum(variances) / 2)
    # no dropout: what the last layer gets is standardised already
    torch.testing.assert_close(network.last.running_mean, torch.zeros(3), atol=1e-5, rtol=0)
    assert torch.equal(network.unused.running_mean, kept)
    assert network.unused.num_batches_tracked == 1
    assert network.norm.momentum == 0.3 and not any(m.training for m in network.modules())


def test_evenly_spaced():
    assert evenly_spaced(range(10), 4) == [0, 2, 5, 7]
    assert evenly_spaced(range(8), 4) == [0, 2, 4, 6]
    assert evenly_spaced('abc', 5) == ['a', 'b', 'c']
    assert evenly_spaced([], 5) == []


@pytest.mark.parametrize(
    ('sizes', 'expected'),
    [
        ([4] * 17, [(9, 4), (8, 4)]),
        ([4] * 32, [(16, 4), (16, 4)]),
        ([4, 6, 4, 6, 5], [(2, 4), (2, 6)]),  # the one of 5 is left out
        ([4, 6], [(1, 4), (1, 6)]),
    ],
)
def test_batches(sizes, expected):
    images = [torch.full((3, size, size), index) for index, size in enumerate(sizes)]
    batches = list(batches_of_one_size(images))
    assert [(len(batch), batch.shape[-1]) for batch in batches] == expected
    values = torch.cat([batch[:, 0, 0, 0] for batch in batches]).tolist()
    assert len(set(values)) == len(values)
