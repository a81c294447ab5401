"""Negatives across processes: R processes with B items equal one with R * B."""

import os
import socket
import subprocess
import sys

import pytest
import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from glcnet_plugin.models.losses import NTXentLoss
from glcnet_plugin.models.utils.gather import gather_items, own_items

ITEMS, WIDTH = 6, 5  # per process


def network(dtype):
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(WIDTH, 7), nn.ReLU(), nn.Linear(7, 4)).to(dtype)


def data(ranks, dtype, case):
    """Views, groups and valid items of all processes."""
    torch.manual_seed(1)
    x = torch.randn(2, ranks * ITEMS, WIDTH, dtype=dtype)
    groups = torch.arange(ranks * ITEMS)
    valid = torch.ones(ranks * ITEMS, dtype=torch.bool)
    if case == 'scenes':
        groups = groups // 4
    if case == 'one process has no valid item':
        valid[:ITEMS] = False
    if case == 'one valid item in all':
        valid[1:] = False
    return x, groups, valid


def step(model, x, groups, valid, gather=True):
    """Loss, chance level and gradients of one step."""
    z1, z2 = model(torch.cat([x[0], x[1]])).chunk(2)
    loss, chance = NTXentLoss(0.3, gather=gather)(z1, z2, groups, valid)
    loss.backward()
    inner = model.module if isinstance(model, DistributedDataParallel) else model
    return loss.detach(), chance, [p.grad for p in inner.parameters()]


def process(rank, ranks, port, dtype, case, gather, results):
    """One process of several; this file is run as a script for it."""
    rank, ranks, dtype = int(rank), int(ranks), getattr(torch, dtype)
    torch.set_num_threads(1)
    os.environ.update(MASTER_ADDR='127.0.0.1', MASTER_PORT=port)
    torch.distributed.init_process_group('gloo', rank=rank, world_size=ranks)
    x, groups, valid = data(ranks, dtype, case)
    own = slice(rank * ITEMS, (rank + 1) * ITEMS)
    model = DistributedDataParallel(network(dtype))
    found = step(model, x[:, own], groups[own], valid[own], gather == 'True')
    torch.save(found, f'{results}/{rank}.pt')
    torch.distributed.destroy_process_group()


def run(folder, ranks, dtype, case, gather=True):
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        port = free.getsockname()[1]
    arguments = (ranks, port, str(dtype).removeprefix('torch.'), case, gather, folder)
    started = [
        subprocess.Popen([sys.executable, __file__, *map(str, (rank, *arguments))])
        for rank in range(ranks)
    ]
    try:
        assert [one.wait(120) for one in started] == [0] * ranks
    finally:
        for one in started:
            one.kill()
            one.wait()
    return [torch.load(folder / f'{rank}.pt', weights_only=True) for rank in range(ranks)]


CASES = [
    (2, torch.float64, 'plain'),
    (3, torch.float32, 'plain'),
    (4, torch.float64, 'scenes'),
    (2, torch.float64, 'one process has no valid item'),
    (2, torch.float64, 'one valid item in all'),
]


@pytest.mark.parametrize(('ranks', 'dtype', 'case'), CASES)
def test_processes_equal_one(tmp_path, ranks, dtype, case):
    found = run(tmp_path, ranks, dtype, case)
    loss, chance, gradients = step(network(dtype), *data(ranks, dtype, case))
    limit = 1e-5 if dtype == torch.float64 else 1e-4
    mean = torch.stack([one[0] for one in found]).mean()
    torch.testing.assert_close(mean, loss, rtol=limit, atol=limit)
    for one in found:
        torch.testing.assert_close(one[1], chance)
        for mine, expected in zip(one[2], gradients, strict=True):
            torch.testing.assert_close(mine, expected, rtol=limit, atol=limit)


def test_without_gathering_each_process_stands_alone(tmp_path):
    """The official behaviour: DDP averages the gradients of separate losses."""
    found = run(tmp_path, 2, torch.float64, 'plain', gather=False)
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
    x = torch.rand(3, 2)
    assert gather_items(x)[0] is x
    assert own_items(3, x.device).tolist() == [0, 1, 2]


if __name__ == '__main__':
    process(*sys.argv[1:])
