"""Run the jobs of a study in processes side by side."""

import ctypes
import fcntl
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from statistics import mean
from typing import Any

import torch

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.study.context import StudyContext
from glcnet_plugin.study.plan import Job
from glcnet_plugin.study.results import clear_failure, read_result, write_failure
from glcnet_plugin.study.run.jobs import run_job
from glcnet_plugin.utils.cli import plain_message

Log = Callable[[str], None]
START = 'spawn'  # CUDA does not survive a fork
KILLED = 'its process was killed, perhaps because memory ran out'
GRACE = 30  # seconds that a training has to save when the study is stopped


def default_workers() -> int:
    """Number of jobs side by side: one per GPU, else one per core."""
    return torch.cuda.device_count() or os.cpu_count() or 1


class Workers:
    """Processes that run one job at a time, each on its own GPU.

    Every worker is a pool of its own, so a job that is killed does not end the others.

    Args:
        count: Number of processes.
    """

    def __init__(self, count: int) -> None:
        gpus = torch.cuda.device_count()
        self.gpus = [number % gpus if gpus else None for number in range(count)]
        self.pools = [self._pool(number) for number in range(count)]
        self.running: dict[Future[Any], tuple[int, Job]] = {}

    def _pool(self, number: int) -> ProcessPoolExecutor:
        """A pool of one process; it starts with its first job."""
        context = multiprocessing.get_context(START)
        return ProcessPoolExecutor(
            1, context, initializer=_start_worker, initargs=(self.gpus[number],)
        )

    def idle(self) -> list[int]:
        """Numbers of the workers without a job."""
        busy = {number for number, _ in self.running.values()}
        return [number for number in range(len(self.pools)) if number not in busy]

    def submit(self, number: int, context: StudyContext, job: Job) -> None:
        """Let a worker run a job."""
        with _ctrl_c_blocked():
            future = self.pools[number].submit(run_job, context, job)
        self.running[future] = number, job

    def wait(self) -> list[tuple[Job, BaseException | None]]:
        """Wait until at least one job ends; the ended jobs, with their errors."""
        done, _ = wait(self.running, return_when=FIRST_COMPLETED)
        ended = []
        for future in done:
            number, job = self.running.pop(future)
            error = future.exception()
            if isinstance(error, BrokenProcessPool):
                self.pools[number] = self._pool(number)
            ended.append((job, error))
        return ended

    def close(self) -> None:
        """End the processes; trainings save first."""
        processes = [p for pool in self.pools for p in list((pool._processes or {}).values())]
        try:
            if self.running:
                for process in processes:
                    process.terminate()  # GracefulStopHook saves, then exits
                wait(self.running, timeout=GRACE)
        finally:  # a second Ctrl-C does not wait
            if self.running:
                for process in processes:
                    process.kill()
            for pool in self.pools:
                pool.shutdown(cancel_futures=True)  # waits, else its thread may print an error


@contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """Delay Ctrl-C to the end of the block; processes started inside never get it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _start_worker(gpu: int | None) -> None:
    """Set up a worker: its GPU; on Linux it is killed when its parent dies."""
    os.setpgrp()  # Ctrl-C in the terminal reaches the parent alone, which then ends the workers
    if gpu is not None:
        torch.cuda.set_device(gpu)
    if sys.platform == 'linux':
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():  # it died while this process was starting
        os._exit(1)


@contextmanager
def lock_folder(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder.

    Raises:
        ConfigError: If another run works in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / '.lock').open('w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f'another run works in {folder}: wait for it, or choose another --work-dir'
            ) from None
        yield


def run_jobs(context: StudyContext, finished: set[str], workers: int, log: Log) -> None:
    """Run all jobs that are not finished; jobs that need a failed one are skipped.

    Args:
        context: The study.
        finished: Names of the finished jobs, see :func:`check_results`.
        workers: Number of jobs side by side.
        log: Gets a line for each job that ends.
    """
    left = [job for job in context.plan if job.name not in finished]
    for job in left:
        clear_failure(context, job)
    done, ended = set(finished), len(finished)
    timer = Timer(context)
    pool = Workers(workers)
    try:
        while left or pool.running:
            for number in pool.idle():
                ready = next((job for job in left if job.needs is None or job.needs in done), None)
                if ready is not None:
                    left.remove(ready)
                    pool.submit(number, context, ready)
            if not pool.running:
                break
            for job, error in pool.wait():
                result = read_result(context, job)
                if error is None and result is not None:
                    done.add(job.name)
                    timer.add(job, result['seconds'])
                    line = _success(job, result)
                else:
                    line = f'{job.name} FAILED: {_fail(context, job, error, left)}'
                ended += 1
                rest = [*left, *(running for _, running in pool.running.values())]
                log(f'[{ended}/{len(context.plan)}] {line}, {timer.left(rest, workers)}')
    finally:
        pool.close()


def _success(job: Job, result: dict[str, Any]) -> str:
    """Name, score and time of a job."""
    scores = result.get('scores')
    text = f': Kappa {scores["Kappa"]:.3f}' if scores else ''
    return f'{job.name}{text} ({result["seconds"]:.0f} s)'


def _fail(context: StudyContext, job: Job, error: BaseException | None, left: list[Job]) -> str:
    """Write down that a job failed, and that jobs which need it are skipped; the reason."""
    if error is None or isinstance(error, BrokenProcessPool):
        reason = write_failure(context, job, KILLED)
    else:
        reason = write_failure(context, job, plain_message(error))
    for other in [other for other in left if other.needs == job.name]:
        left.remove(other)
        write_failure(context, other, f'{job.name}, which it needs, failed')
    return ' '.join(reason.splitlines())


class Timer:
    """Time that jobs take, by kind.

    Args:
        context: The study; its finished jobs are counted.
    """

    def __init__(self, context: StudyContext) -> None:
        self.seconds: dict[str, list[float]] = {}
        self.begin = time.monotonic()
        for job in context.plan:
            if (result := read_result(context, job)) is not None:
                self.add(job, result['seconds'])

    def add(self, job: Job, seconds: float) -> None:
        """Add the time of a job."""
        self.seconds.setdefault(job.kind, []).append(seconds)

    def left(self, jobs: Sequence[Job], workers: int) -> str:
        """Text with the time that some jobs will take."""
        if not jobs:
            return f'done after {(time.monotonic() - self.begin) / 60:.1f} min'
        known = [job for job in jobs if job.kind in self.seconds]
        total = sum(mean(self.seconds[job.kind]) for job in known)
        text = [f'about {total / min(workers, len(jobs)) / 60:.0f} min'] if known else []
        if len(known) < len(jobs):
            kinds = sorted({job.kind for job in jobs} - set(self.seconds))
            text += [f'{len(jobs) - len(known)} {" and ".join(kinds)} jobs, not timed yet,']
        return f'{" and ".join(text)} left'
