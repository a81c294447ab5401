"""Run the cells of a study side by side; one that is finished is never run again."""

import ctypes
import fcntl
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from statistics import mean
from typing import Any

import torch

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.study.plan import Cell
from glcnet_plugin.study.results import forget_failure, read_result, write_failure
from glcnet_plugin.study.run.jobs import run_cell
from glcnet_plugin.study.settings import Study
from glcnet_plugin.study.tiles import Tiles

Say = Callable[[str], None]
START = 'spawn'  # CUDA does not survive a fork
KILLED = 'its process was killed, perhaps for want of memory'
PATIENCE = 30  # seconds that a training has to save


def default_jobs() -> int:
    """Cells that run side by side: one per GPU, or one per core."""
    return torch.cuda.device_count() or os.cpu_count() or 1


class Slots:
    """Processes that run cells, one at a time each, every one with its own GPU.

    Args:
        jobs: Number of processes.
    """

    def __init__(self, jobs: int) -> None:
        self.gpus = torch.cuda.device_count()
        self.pools = [self._pool(number) for number in range(jobs)]
        self.running: dict[Future[Any], tuple[int, Cell]] = {}

    def _pool(self, number: int) -> ProcessPoolExecutor:
        """One process."""
        context = multiprocessing.get_context(START)
        gpu = number % self.gpus if self.gpus else None
        return ProcessPoolExecutor(1, context, initializer=_start, initargs=(gpu,))

    def free(self) -> list[int]:
        """Numbers of the processes that do nothing."""
        busy = {number for number, _ in self.running.values()}
        return [number for number in range(len(self.pools)) if number not in busy]

    def submit(self, number: int, work: tuple[Study, Tiles, Path], cell: Cell) -> None:
        """Let a process run a cell."""
        future = self.pools[number].submit(run_cell, *work, cell)
        self.running[future] = number, cell

    def finished(self) -> list[tuple[Cell, BaseException | None]]:
        """Wait for cells; those that ended, and with which error."""
        done, _ = wait(self.running, return_when=FIRST_COMPLETED)
        ended = []
        for future in done:
            number, cell = self.running.pop(future)
            error = future.exception()
            if isinstance(error, BrokenProcessPool):  # it was killed: the next cell gets another
                self.pools[number] = self._pool(number)
            ended.append((cell, error))
        return ended

    def close(self) -> None:
        """End the processes; a training that is under way saves first."""
        if self.running:
            processes = [p for pool in self.pools for p in list((pool._processes or {}).values())]
            for process in processes:
                process.terminate()  # one signal: GracefulStopHook takes a second one seriously
            wait(self.running, timeout=PATIENCE)
            for process in processes:
                process.kill()
        for pool in self.pools:
            pool.shutdown(wait=False, cancel_futures=True)


def _start(gpu: int | None) -> None:
    """First call of a process: its GPU; on Linux it ends with the process that started it."""
    os.setpgrp()  # Ctrl-C in the terminal reaches the runner, which then ends the cells
    if gpu is not None:
        torch.cuda.set_device(gpu)
    if sys.platform == 'linux':
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """See that no other runner works in a folder.

    Raises:
        ConfigError: If one does.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / '.lock').open('w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f'another run works in {folder}: wait for it, or name another --work-dir'
            ) from None
        yield


def run_study(
    study: Study, tiles: Tiles, folder: Path, plan: Iterable[Cell], finished: set[str], jobs: int,
    say: Say,
) -> None:  # fmt: skip
    """Run what is not finished; failures are noted, and what needs them is left out.

    Args:
        study: The study.
        tiles: Its tiles.
        folder: Its folder.
        plan: Its cells, each after what it needs.
        finished: Names of the finished ones, see :func:`check_results`.
        jobs: Cells side by side.
        say: Gets a line for each cell that ends.
    """
    plan = list(plan)
    left = [cell for cell in plan if cell.name not in finished]
    for cell in left:
        forget_failure(folder, cell)
    done, failed = set(finished), set()
    times = Times(plan, folder)
    slots = Slots(jobs)
    try:
        while left or slots.running:
            for number in slots.free():
                if (ready := _next(left, done)) is not None:
                    left.remove(ready)
                    slots.submit(number, (study, tiles, folder), ready)
            if not slots.running:
                break
            for cell, error in slots.finished():
                result = read_result(folder, cell)
                if error is None and result is not None:
                    done.add(cell.name)
                    times.add(cell, result['seconds'])
                else:
                    failed.add(cell.name)
                    _note_failure(folder, cell, error, left)
                count = f'[{len(done) + len(failed)}/{len(plan)}]'
                rest = [*left, *(running for _, running in slots.running.values())]
                say(f'{count} {_ending(cell, result, error)}, {times.left(rest, jobs)}')
    finally:
        slots.close()


def _next(left: list[Cell], done: set[str]) -> Cell | None:
    """The first cell whose needs are met."""
    return next((cell for cell in left if cell.needs is None or cell.needs in done), None)


def _note_failure(folder: Path, cell: Cell, error: BaseException | None, left: list[Cell]) -> None:
    """Note why a cell failed, and that those that need it cannot run."""
    if error is None or isinstance(error, BrokenProcessPool):
        write_failure(folder, cell, KILLED)
    else:
        write_failure(folder, cell, error)
    for other in [other for other in left if other.needs == cell.name]:
        left.remove(other)
        write_failure(folder, other, f'{cell.name}, which it needs, failed')


def _ending(cell: Cell, result: dict[str, Any] | None, error: BaseException | None) -> str:
    """How a cell ended, in words."""
    if error is not None or result is None:
        return f'{cell.name} FAILED'
    scores = result.get('scores')
    text = f': Kappa {scores["Kappa"]:.3f}' if scores else ''
    return f'{cell.name}{text} ({result["seconds"]:.0f} s)'


class Times:
    """How long cells take, and the rest of the study with it.

    Args:
        plan: Cells of the study.
        folder: Its folder; finished cells tell their times.
    """

    def __init__(self, plan: Iterable[Cell], folder: Path) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.begin = time.monotonic()
        for cell in plan:
            if (result := read_result(folder, cell)) is not None:
                self.add(cell, result['seconds'])

    def add(self, cell: Cell, seconds: float) -> None:
        """Note the time of a cell."""
        self.seconds.setdefault(cell.kind, []).append(seconds)

    def left(self, cells: Iterable[Cell], jobs: int) -> str:
        """Time for some cells, in words."""
        cells = list(cells)
        if not cells:
            return f'done after {(time.monotonic() - self.begin) / 60:.1f} min'
        known = [cell for cell in cells if cell.kind in self.seconds]
        total = sum(mean(self.seconds[cell.kind]) for cell in known)
        text = [f'about {total / min(jobs, len(cells)) / 60:.0f} min'] if known else []
        if len(known) < len(cells):
            kinds = sorted({cell.kind for cell in cells} - set(self.seconds))
            text += [f'{len(cells) - len(known)} {" and ".join(kinds)} cells, not timed yet,']
        return f'{" and ".join(text)} left'
