"""The same function on many items, on all cores, with progress."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

Item = TypeVar('Item')
Result = TypeVar('Result')
WAITING = 8  # items per worker that are handed out ahead


def parallel_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    total: int | None = None,
    description: str = '',
    workers: int | None = None,
) -> Iterator[Result]:
    """Results in the order of the items; memory does not grow with their number.

    Args:
        function: Function of a module (workers are processes).
        items: Items; taken only as fast as they are worked off.
        total: Number of items, for the time left.
        description: What is done, shown before the bar on standard error.
        workers: Number of processes; None for one per core, 0 to work in this process.

    Yields:
        The results.
    """
    columns = (TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn(), TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(description, total=total)
        for result in _results(function, iter(items), workers):
            yield result
            progress.advance(task)


def _results(
    function: Callable[[Item], Result], items: Iterator[Item], workers: int | None
) -> Iterator[Result]:
    """Hand out items, a bounded number ahead."""
    if workers == 0:
        yield from map(function, items)
        return
    count = workers or os.cpu_count() or 1
    with ProcessPoolExecutor(count) as pool:
        waiting: deque[Future[Result]] = deque(
            pool.submit(function, item) for item in islice(items, WAITING * count)
        )
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(function, item) for item in islice(items, 1))
                yield result
        finally:  # an error, or a caller that stops early: what is not begun is not done
            for future in waiting:
                future.cancel()
