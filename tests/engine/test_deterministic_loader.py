import pickle
import random
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.dataset import DefaultSampler, InfiniteSampler
from script_processes import run_python
from torch.utils.data import DataLoader, RandomSampler

from glcnet_plugin.engine.deterministic_loader import (
    DeterministicDataLoader,
    IndexWithIteration,
    Purpose,
    ResumableIterator,
    seed_streams,
)
from glcnet_plugin.errors import DataError

pytestmark = pytest.mark.slow


class Noise:
    """Samples of numbers from all three random streams."""

    metainfo = {'name': 'noise'}

    def __len__(self):
        return 10

    def __getitem__(self, index):
        drawn = [random.random(), np.random.rand(), torch.rand(1).item()]
        return torch.tensor([index, *drawn], dtype=torch.float64)


def loader(workers=0, persistent=False, seed=0):
    data = Noise()
    plain = DataLoader(
        data, 3, sampler=DefaultSampler(data, seed=0), num_workers=workers, drop_last=True,
        persistent_workers=persistent,
    )  # fmt: skip
    return DeterministicDataLoader(plain, seed)


def epoch(exact, number, finished=0):
    exact.batch_sampler.sampler.set_epoch(number)
    exact.start_epoch(number * len(exact), finished)
    return list(exact)


def test_number_of_processes_makes_no_difference():
    alone, two = loader(), loader(2, persistent=True)
    for number in (0, 1):
        random.seed(number + 5)  # what the main process draws does not matter
        for one, other in zip(epoch(alone, number), epoch(two, number), strict=True):
            assert torch.equal(one, other)


def test_an_epoch_goes_on_where_it_stopped():
    whole = epoch(loader(), 1)
    rest = epoch(loader(2), 1, finished=2)
    assert len(whole) == 3 and len(rest) == 1 and torch.equal(rest[0], whole[2])
    assert epoch(loader(), 1, finished=3) == []


def test_numbers_differ_between_samples_epochs_and_seeds():
    batches = [*epoch(loader(), 0), *epoch(loader(), 1), *epoch(loader(seed=1), 0)]
    drawn = torch.cat(batches)[:, 1:]
    assert len(drawn) == 27 and len(drawn.unique()) == drawn.numel()


def test_sizes_and_attributes_are_those_of_the_loader_that_is_replaced():
    exact = loader()
    assert len(exact) == 3 and len(exact.dataset) == 10
    assert exact.dataset.metainfo == {'name': 'noise'}
    assert pickle.loads(pickle.dumps(exact.dataset)).metainfo == {'name': 'noise'}


def test_a_draw_is_an_index_that_keeps_its_iteration():
    draw = pickle.loads(pickle.dumps(IndexWithIteration(4, 17)))
    assert draw == 4 and [*range(10)][draw] == 4 and draw.iteration == 17


def numbers(*key):
    seed_streams(*key)
    return {random.random(), np.random.rand(), torch.rand(1).item()}


def test_streams_are_repeated_and_never_shared():
    keys = [
        (purpose, seed, iteration, which)
        for purpose in Purpose
        for seed in (0, 1)
        for iteration in (0, 1)
        for which in (0, 1)
    ]
    drawn = [numbers(*key) for key in keys]
    assert drawn[5] == numbers(*keys[5])
    assert len(set.union(*drawn)) == 3 * len(keys)


def endless(sampler, finished, calls=0):
    data = Noise()
    plain = DataLoader(data, 3, sampler=sampler(data), drop_last=True)
    batches = ResumableIterator(DeterministicDataLoader(plain, 0), finished)
    batches.skip_iter(finished - calls)  # as one mmengine does; the other calls next
    assert [next(batches) for _ in range(calls)] == [None] * calls
    return batches


@pytest.mark.parametrize('calls', [0, 4])
@pytest.mark.parametrize('sampler', [DefaultSampler, InfiniteSampler, RandomSampler])
def test_an_endless_loader_goes_on_where_it_stopped(sampler, calls):
    def make(data):
        return sampler(data) if sampler is RandomSampler else sampler(data, seed=0)

    whole = endless(make, 0)
    expected = [next(whole) for _ in range(8)]
    torch.rand(5)  # what else is drawn does not matter
    rest = endless(make, 4, calls)
    for batch in expected[4:]:
        assert torch.equal(next(rest), batch)


def test_what_was_drawn_from_an_endless_sampler_before_does_not_matter():
    """A loop of mmengine reads ahead with an iterator of its own, before the loader is there."""
    data = Noise()
    plain = DataLoader(data, 3, sampler=InfiniteSampler(data, seed=0))
    expected = next(ResumableIterator(DeterministicDataLoader(plain, 0), 0))
    plain = DataLoader(data, 3, sampler=InfiniteSampler(data, seed=0))
    ahead = iter(plain)
    next(ahead)
    assert torch.equal(next(ResumableIterator(DeterministicDataLoader(plain, 0), 0)), expected)


class Failing(Noise):
    def __init__(self, failure):
        self.failure = failure

    def __getitem__(self, index):
        if index == 7:
            self.failure()
        return torch.ones(1)


def no_room():  # what torch says with a small /dev/shm
    raise RuntimeError('unable to allocate shared memory(shm) for file </torch_1>: (11)')


def another():
    raise RuntimeError('something else')


def bad_tile():
    raise DataError('tile_7.png cannot be read')


@pytest.mark.parametrize(
    ('failure', 'kind', 'message'),
    [
        (no_room, DataError, r'/dev/shm \(\d+ MiB\).*--shm-size'),
        (another, RuntimeError, 'something else'),
        (bad_tile, DataError, 'tile_7.png cannot be read'),
    ],
)
def test_failures_of_processes_have_a_remedy(failure, kind, message):
    data = Failing(failure)
    exact = DeterministicDataLoader(
        DataLoader(data, 2, sampler=DefaultSampler(data), num_workers=1), 0
    )
    with pytest.raises(kind, match=message) as caught:
        list(exact)
    assert type(caught.value) is kind


def test_a_process_that_is_gone_when_its_batch_is_fetched(monkeypatch):
    """Torch then finds nobody at the other end of the connection over which tensors come."""
    data = Noise()
    exact = DeterministicDataLoader(
        DataLoader(data, 2, sampler=DefaultSampler(data), num_workers=1), 0
    )

    def gone(_loader):
        raise ConnectionResetError(104, 'Connection reset by peer')
        yield

    monkeypatch.setattr(DataLoader, '__iter__', gone)
    with pytest.raises(DataError, match='a data-loading process was killed .*reset by peer'):
        list(exact)


def no_file():
    raise FileNotFoundError('tile_7.png')


@pytest.mark.parametrize('workers', [0, 1])
def test_a_missing_file_is_none_of_it(workers):
    data = Failing(no_file)
    exact = DeterministicDataLoader(
        DataLoader(data, 2, sampler=DefaultSampler(data), num_workers=workers), 0
    )
    with pytest.raises(FileNotFoundError, match=r'tile_7.png'):
        list(exact)


CHILD = """
import os, signal, sys, torch
from torch.utils.data import DataLoader, Dataset
from glcnet_plugin.engine.deterministic_loader import DeterministicDataLoader
from glcnet_plugin.utils.cli import exit_on_error

class Data(Dataset):
    def __len__(self): return 64
    def __getitem__(self, index):
        if sys.argv[1:] == ['die'] and index == 40: os.kill(os.getpid(), signal.SIGKILL)
        return torch.zeros(3, 100, 100)

if __name__ == '__main__':
    with exit_on_error():
        list(DeterministicDataLoader(DataLoader(Data(), 16, num_workers=1), 0))
"""


def test_a_killed_process_is_named():
    """Torch notices it wherever the program is just then: in a program of its own."""
    child = [sys.executable, '-c', CHILD, 'die']
    done = run_python(child, timeout=120)
    assert done.returncode == 1 and 'error: a data-loading process was killed' in done.stderr
    assert 'num_workers=0' in done.stderr and 'Traceback' not in done.stderr


def test_a_small_shared_memory_is_named():
    small = 'mount -t tmpfs -o size=1m tmpfs /dev/shm && exec "$@"'
    command = ['unshare', '--mount', 'sh', '-c', small, 'sh']
    if not shutil.which('unshare') or subprocess.run([*command, 'true']).returncode:
        pytest.skip('/dev/shm can be made small by root only')
    done = subprocess.run(
        [*command, sys.executable, '-c', CHILD], capture_output=True, text=True, timeout=120
    )
    # torch 2.1 does not tell its want from the end of a process, later ones do
    assert re.search('error: .* shared memory, /dev/shm .1 MiB.*num_workers', done.stderr)
    assert 'Traceback' not in done.stderr
