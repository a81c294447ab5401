import pickle
import random

import numpy as np
import torch
from mmengine.dataset import DefaultSampler
from torch.utils.data import DataLoader

from glcnet_plugin.engine.exact_loader import Draw, ExactLoader, seed_streams


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
    return ExactLoader(plain, seed)


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
    draw = pickle.loads(pickle.dumps(Draw(4, 17)))
    assert draw == 4 and [*range(10)][draw] == 4 and draw.iteration == 17


def test_streams_of_a_key_are_the_same_and_those_of_neighbours_are_not():
    def numbers(*key):
        seed_streams(*key)
        return random.random(), np.random.rand(), torch.rand(1).item()

    assert numbers(0, 1) == numbers(0, 1)
    assert not set(numbers(0, 1)) & set(numbers(0, 2)) | set(numbers(0, 1)) & set(numbers(1, 0))
