"""Batches that depend only on seed and iteration, not on earlier random draws."""

import random
from collections.abc import Iterator
from enum import IntEnum
from typing import Any

import numpy as np
import torch
from mmengine.dataset import InfiniteSampler
from torch.utils.data import DataLoader, Dataset

from glcnet_plugin.engine.mm_internals import restart_sampler
from glcnet_plugin.errors import DataError, GLCNetError
from glcnet_plugin.utils.worker_errors import worker_error_message


class Purpose(IntEnum):
    """What random numbers are for; never 0, which NumPy does not distinguish from a shorter key."""

    EPOCH = 1  # a sampler without a seed of its own
    SAMPLE = 2
    NETWORK = 3


def seed_streams(purpose: Purpose, seed: int, iteration: int, which: int = 0) -> None:
    """Seed the random streams of Python, NumPy and torch.

    The streams are independent (NumPy's ``SeedSequence``), which those of neighbouring seeds,
    such as seed + rank, need not be.

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
    """Index of a sample, with the iteration it is drawn for."""

    iteration: int

    def __new__(cls, index: int, iteration: int) -> 'IndexWithIteration':
        """An index with its iteration."""
        draw = super().__new__(cls, index)
        draw.iteration = iteration
        return draw

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle support, for the workers of the loader."""
        return IndexWithIteration, (int(self), self.iteration)


class DeterministicBatchSampler:
    """Batches of a sampler, whose indices carry their iteration.

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
        """Batches of an epoch without the first ``skip``."""
        for count, batch in enumerate(self.batches):
            if count >= self.skip:
                yield [IndexWithIteration(index, self.first + count) for index in batch]


class SeededDataset(Dataset[Any]):
    """A dataset whose random transforms depend only on seed, iteration and index.

    Args:
        dataset: The dataset; its attributes can be read here too.
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
        if name == 'dataset':  # not set yet: the object is being copied
            raise AttributeError(name)
        return getattr(self.dataset, name)


class DeterministicDataLoader(DataLoader[Any]):
    """A loader whose batches are the same with any number of processes, and after a resume.

    Args:
        loader: The loader that is replaced.
        seed: Seed of the run.

    Raises:
        DataError: During iteration, if the system killed a worker, or shared memory is full.
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
        """Set the next epoch.

        Args:
            iteration: Iteration of its first batch, counted over the whole run.
            finished: Batches at its start that are skipped because they are trained already.
        """
        batches: Any = self.batch_sampler
        batches.first, batches.skip = iteration, finished
        seed_streams(Purpose.EPOCH, self.seed, iteration)


class ResumableIterator:
    """Endless batches for a loop that counts iterations, in place of mmengine's iterator.

    Args:
        loader: The loader.
        finished: Iterations that are trained already; their data is not read.
    """

    def __init__(self, loader: DeterministicDataLoader, finished: int) -> None:
        self.finished = finished
        self.position = 0
        self.batches = self._read(loader)

    def skip_iter(self, count: int) -> None:
        """Skip batches, as mmengine does to resume; some versions call ``next`` instead."""
        self.position += count

    def __next__(self) -> Any:
        """The next batch; None for one that is trained already."""
        self.position += 1
        return None if self.position <= self.finished else next(self.batches)

    def _read(self, loader: DeterministicDataLoader) -> Iterator[Any]:
        """Batches after the finished ones."""
        iteration, sampler = self.finished, loader.batch_sampler.sampler  # type: ignore[union-attr]
        if isinstance(sampler, InfiniteSampler):
            restart_sampler(sampler)  # mmengine's iterator has drawn from it
        while True:
            done = iteration  # of an epoch that never ends
            if not isinstance(sampler, InfiniteSampler):
                epoch, done = divmod(iteration, len(loader))
                if hasattr(sampler, 'set_epoch'):
                    sampler.set_epoch(epoch)
            loader.start_epoch(iteration - done, done)
            for batch in loader:
                yield batch
                iteration += 1
