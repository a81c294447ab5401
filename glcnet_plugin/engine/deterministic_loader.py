"""Batches that depend on the iteration alone, not on what was drawn before."""

import random
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

import numpy as np
import torch
from mmengine.dataset import InfiniteSampler
from torch.utils.data import DataLoader, Dataset

from glcnet_plugin.errors import DataError, GLCNetError
from glcnet_plugin.utils.worker_errors import worker_error_message


class Purpose(IntEnum):
    """What random numbers are for; never 0, which NumPy does not tell from a shorter key."""

    EPOCH = 1  # a sampler without a seed of its own
    SAMPLE = 2
    NETWORK = 3


def seed_streams(purpose: Purpose, seed: int, iteration: int, which: int = 0) -> None:
    """Seed the random streams of Python, NumPy and torch.

    The streams are independent, which those of neighbouring seeds, such as seed + rank, need not
    be (NumPy's ``SeedSequence``).

    Args:
        purpose: What they are for.
        seed: Seed of the run.
        iteration: Iteration of the run.
        which: Index of the sample, or rank of the process.
    """
    key = (seed, iteration, which, purpose)
    first, second, third = np.random.SeedSequence(key).generate_state(3)
    random.seed(int(first))
    np.random.seed(int(second))
    if purpose == Purpose.SAMPLE:  # drawn on the CPU, and torch.manual_seed costs a millisecond
        torch.default_generator.manual_seed(int(third))
    else:
        torch.manual_seed(int(third))


class IndexWithIteration(int):
    """Index of a sample that knows in which iteration it is drawn."""

    iteration: int

    def __new__(cls, index: int, iteration: int) -> 'IndexWithIteration':
        """An index with its iteration."""
        draw = super().__new__(cls, index)
        draw.iteration = iteration
        return draw

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to the processes of the loader."""
        return IndexWithIteration, (int(self), self.iteration)


class DeterministicBatchSampler:
    """Batches of a sampler, whose indices know their iteration.

    Args:
        batches: The batch sampler of a loader.
    """

    def __init__(self, batches: Any) -> None:
        self.batches = batches
        self.sampler = batches.sampler  # DistSamplerSeedHook sets its epoch
        self.first = 0
        self.skip = 0

    def __len__(self) -> int:
        """Batches of a whole epoch."""
        return len(self.batches)

    def __iter__(self) -> Iterator[list[IndexWithIteration]]:
        """Batches of an epoch but for the ``skip`` first ones."""
        for count, batch in enumerate(self.batches):
            if count >= self.skip:
                yield [IndexWithIteration(index, self.first + count) for index in batch]


class SeededDataset(Dataset[Any]):
    """A dataset whose random transforms depend on seed, iteration and index alone.

    Args:
        dataset: The dataset; its attributes are found here too.
        seed: Seed of the run.
    """

    def __init__(self, dataset: Any, seed: int) -> None:
        self.dataset = dataset
        self.seed = seed

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.dataset)

    def __getitem__(self, draw: IndexWithIteration) -> Any:
        """Seed, then read."""
        seed_streams(Purpose.SAMPLE, self.seed, draw.iteration, int(draw))
        return self.dataset[int(draw)]

    def __getattr__(self, name: str) -> Any:
        """Attributes of the dataset, such as ``metainfo``."""
        if name == 'dataset':  # not there yet: an object that is being copied
            raise AttributeError(name)
        return getattr(self.dataset, name)


class DeterministicDataLoader(DataLoader[Any]):
    """A loader whose batches are the same with any number of processes, and after a resume.

    Args:
        loader: The loader that is replaced.
        seed: Seed of the run.

    Raises:
        DataError: While it is read, if a process of it was ended by the system, or finds no
            shared memory.
    """

    def __init__(self, loader: DataLoader[Any], seed: int) -> None:
        workers = {'prefetch_factor': loader.prefetch_factor} if loader.num_workers else {}
        super().__init__(
            SeededDataset(loader.dataset, seed),
            batch_sampler=DeterministicBatchSampler(loader.batch_sampler),  # type: ignore[arg-type]
            num_workers=loader.num_workers,
            collate_fn=loader.collate_fn,
            pin_memory=loader.pin_memory,
            timeout=loader.timeout,
            worker_init_fn=loader.worker_init_fn,
            multiprocessing_context=loader.multiprocessing_context,
            persistent_workers=loader.persistent_workers,
            **workers,  # type: ignore[arg-type]
        )
        self.seed = seed

    def __iter__(self) -> Any:
        """Batches of an epoch."""
        try:
            yield from super().__iter__()
        except (RuntimeError, ConnectionError, EOFError, FileNotFoundError) as error:
            text = worker_error_message(error) if self.num_workers else None
            if isinstance(error, GLCNetError) or text is None:
                raise
            raise DataError(text) from error

    def start_epoch(self, iteration: int, finished: int) -> None:
        """Say what the next epoch is.

        Args:
            iteration: Iteration of its first batch, counted over the whole run.
            finished: Batches at its start that are left out, since they are trained already.
        """
        batches: Any = self.batch_sampler
        batches.first, batches.skip = iteration, finished
        seed_streams(Purpose.EPOCH, self.seed, iteration)


class ResumableIterator:
    """Endless batches for a loop that counts iterations, in place of mmengine's iterator.

    Args:
        loader: The loader.
        finished: Iterations that are trained already; their data are not read.
    """

    def __init__(self, loader: DeterministicDataLoader, finished: int) -> None:
        self.finished = finished
        self.position = 0
        self.batches = self._read(loader)

    def skip_iter(self, count: int) -> None:
        """Leave out batches; how mmengine begins a resumed run, or else with as many ``next``."""
        self.position += count

    def __next__(self) -> Any:
        """The next batch; None for one that is trained already."""
        self.position += 1
        return None if self.position <= self.finished else next(self.batches)

    def _read(self, loader: DeterministicDataLoader) -> Iterator[Any]:
        """Batches after the finished ones."""
        iteration, sampler = self.finished, loader.batch_sampler.sampler  # type: ignore[union-attr]
        if isinstance(sampler, InfiniteSampler):
            sampler.indices = sampler._indices_of_rank()  # mmengine's iterator has drawn from them
        while True:
            done = iteration  # in an epoch that never ends
            if not isinstance(sampler, InfiniteSampler):
                epoch, done = divmod(iteration, len(loader))
                if hasattr(sampler, 'set_epoch'):
                    sampler.set_epoch(epoch)
            loader.start_epoch(iteration - done, done)
            for batch in loader:
                yield batch
                iteration += 1
