"""Negatives across processes: R processes with B items equal one with R * B."""

import sys

import pytest
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from glcnet_plugin.engine.cpu_launch import leave_group
from glcnet_plugin.models.losses import NTXentLoss
from glcnet_plugin.models.utils import dist as gather
from glcnet_plugin.models.utils.dist import gather_items

ITEMS, WIDTH = 6, 5  # per process


def network(dtype):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(WIDTH, 7), nn.ReLU(), nn.Linear(7, 4)).to(dtype)


def data(ranks, dtype, case):
    """Views, groups and valid items of all processes."""
    torch.manual_seed(1)
    items = share(ranks - 1, case).stop
    x = torch.randn(2, items, WIDTH, dtype=dtype)
    groups = torch.arange(items)
    valid = torch.ones(items, dtype=torch.bool)
    if case == 'scenes':
        groups = groups // 4
    if case == 'one process has no valid item':
        valid[:ITEMS] = False
    if case == 'one valid item in all':
        valid[1:] = False
    return x, groups, valid


def share(rank, case):
    """Items of a process."""
    if case == 'uneven batches':  # one item less in the second process, two less in the third
        first = sum(ITEMS - before for before in range(rank))
        return slice(first, first + ITEMS - rank)
    return slice(rank * ITEMS, (rank + 1) * ITEMS)


def step(model, x, groups, valid, gather=True):
    """Loss, chance level and gradients of one step."""
    z1, z2 = model(torch.cat([x[0], x[1]])).chunk(2)
    loss, chance = NTXentLoss(0.3, gather=gather)(z1, z2, groups, valid)
    loss.backward()
    inner = model.module if isinstance(model, DistributedDataParallel) else model
    return loss.detach(), chance, [p.grad for p in inner.parameters()]


def process(dtype, case, gather, results):
    """One process of several; this file is run as a script for it."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group('gloo')
    rank, ranks = torch.distributed.get_rank(), torch.distributed.get_world_size()
    dtype = getattr(torch, dtype)
    x, groups, valid = data(ranks, dtype, case)
    own = share(rank, case)
    model = DistributedDataParallel(network(dtype))
    found = step(model, x[:, own], groups[own], valid[own], gather == 'True')
    torch.save(found, f'{results}/{rank}.pt')
    del model
    leave_group()


@pytest.fixture
def run(run_ranks, tmp_path):
    def run(ranks, dtype, case, gather=True):
        name = str(dtype).removeprefix('torch.')
        run_ranks(ranks, [sys.executable, __file__, name, case, gather, tmp_path])
        return [torch.load(tmp_path / f'{rank}.pt', weights_only=True) for rank in range(ranks)]

    return run


CASES = [
    (2, torch.float64, 'plain'),
    (3, torch.float32, 'plain'),
    (4, torch.float64, 'scenes'),
    (2, torch.float64, 'one process has no valid item'),
    (2, torch.float64, 'one valid item in all'),
    (3, torch.float64, 'uneven batches'),
]


@pytest.mark.parametrize(('ranks', 'dtype', 'case'), CASES)
def test_processes_equal_one(run, ranks, dtype, case):
    found = run(ranks, dtype, case)
    loss, chance, gradients = step(network(dtype), *data(ranks, dtype, case))
    limit = 1e-5 if dtype == torch.float64 else 1e-4
    mean = torch.stack([one[0] for one in found]).mean()
    torch.testing.assert_close(mean, loss, rtol=limit, atol=limit)
    for one in found:
        torch.testing.assert_close(one[1], chance)
        for mine, expected in zip(one[2], gradients, strict=True):
            torch.testing.assert_close(mine, expected, rtol=limit, atol=limit)


def test_without_gathering_each_process_stands_alone(run):
    """The official behaviour: DDP averages the gradients of separate losses."""
    found = run(2, torch.float64, 'plain', gather=False)
    x, groups, valid = data(2, torch.float64, 'plain')
    alone = [
        step(network(torch.float64), x[:, own], groups[own], valid[own])
        for own in (slice(0, ITEMS), slice(ITEMS, None))
    ]
    for one, expected in zip(found, alone, strict=True):
        torch.testing.assert_close(one[0], expected[0])
    for mine, a, b in zip(found[0][2], alone[0][2], alone[1][2], strict=True):
        torch.testing.assert_close(mine, (a + b) / 2)


def test_one_process_gathers_nothing():
    x, y = torch.rand(3, 2), torch.rand(3)
    own, *rest = gather_items(x, y)
    assert own.tolist() == [0, 1, 2] and rest[0] is x and rest[1] is y


def test_numbers_are_those_of_one_process_alone(monkeypatch):
    of_all = []
    for rank in range(3):
        monkeypatch.setattr(gather, 'get_rank', lambda rank=rank: rank)
        of_all += gather.unique_numbers(5, torch.device('cpu')).tolist()
    assert len(set(of_all)) == 15


if __name__ == '__main__':
    process(*sys.argv[1:])
