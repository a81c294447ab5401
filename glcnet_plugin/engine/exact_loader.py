"""Batches that depend on the iteration alone, not on what was drawn before."""

import os
import random
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset


def seed_streams(*key: int) -> None:
    """Seed the random streams of Python, NumPy and torch from some non-negative integers.

    The streams of different keys are independent, which those of neighbouring seeds, such as
    seed + rank, need not be (NumPy's ``SeedSequence``).
    """
    first, second, third = np.random.SeedSequence(key).generate_state(3)
    random.seed(int(first))
    np.random.seed(int(second))
    torch.manual_seed(int(third))


class Draw(int):
    """Index of a sample that knows in which iteration it is drawn."""

    iteration: int

    def __new__(cls, index: int, iteration: int) -> 'Draw':
        """An index with its iteration."""
        draw = super().__new__(cls, index)
        draw.iteration = iteration
        return draw

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to the processes of the loader."""
        return Draw, (int(self), self.iteration)


class ExactBatches:
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

    def __iter__(self) -> Iterator[list[Draw]]:
        """Batches of an epoch but for the ``skip`` first ones."""
        for count, batch in enumerate(self.batches):
            if count >= self.skip:
                yield [Draw(index, self.first + count) for index in batch]


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

    def __getitem__(self, draw: Draw) -> Any:
        """Seed, then read."""
        seed_streams(self.seed, draw.iteration, int(draw))
        return self.dataset[int(draw)]

    def __getattr__(self, name: str) -> Any:
        """Attributes of the dataset, such as ``metainfo``."""
        if name == 'dataset':  # not there yet: an object that is being copied
            raise AttributeError(name)
        return getattr(self.dataset, name)


class ExactLoader(DataLoader[Any]):
    """A loader whose batches are the same with any number of processes, and after a resume.

    Its processes leave the group of the main one: a Ctrl-C in the terminal, or a signal to the
    job, reaches the main process alone, which then still has its batches.

    Args:
        loader: The loader that is replaced.
        seed: Seed of the run.
    """

    def __init__(self, loader: DataLoader[Any], seed: int) -> None:
        workers = {'prefetch_factor': loader.prefetch_factor} if loader.num_workers else {}
        super().__init__(
            SeededDataset(loader.dataset, seed),
            batch_sampler=ExactBatches(loader.batch_sampler),  # type: ignore[arg-type]
            num_workers=loader.num_workers,
            collate_fn=loader.collate_fn,
            pin_memory=loader.pin_memory,
            timeout=loader.timeout,
            worker_init_fn=partial(_start_process, loader.worker_init_fn),
            multiprocessing_context=loader.multiprocessing_context,
            persistent_workers=loader.persistent_workers,
            **workers,  # type: ignore[arg-type]
        )

    def start_epoch(self, iteration: int, finished: int) -> None:
        """Say what the next epoch is.

        Args:
            iteration: Iteration of its first batch, counted over the whole run.
            finished: Batches at its start that are left out, since they are trained already.
        """
        batches: Any = self.batch_sampler
        batches.first, batches.skip = iteration, finished


def _start_process(init: Any, worker: int) -> None:
    """First call of a process of the loader."""
    os.setpgrp()
    if init is not None:
        init(worker)
