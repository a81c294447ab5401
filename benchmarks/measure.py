"""Measure time and peak memory of functions."""

import argparse
import ctypes
import gc
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

RESULTS = Path(__file__).parent / 'results'


def median_seconds(function: Callable[[], Any], repeats: int) -> float:
    """Median wall time of a call, after a warm-up call."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def _child(function: Callable[[], Any], connection: Any) -> None:
    """Run in a child process; send the growth of its peak resident memory in bytes."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    Path('/proc/self/clear_refs').write_text('5')  # resets the peak
    status = Path('/proc/self/status')

    def kilobytes(key: str) -> int:
        """Read a line of the process status."""
        line = next(x for x in status.read_text().splitlines() if x.startswith(key))
        return int(line.split()[1])

    before = kilobytes('VmRSS')
    function()
    connection.send((kilobytes('VmHWM') - before) * 1024)


def peak_bytes(function: Callable[[], Any]) -> int:
    """Growth of the peak memory during one call, in a fresh process (Linux)."""
    receive, send = get_context('spawn').Pipe(False)
    process = get_context('spawn').Process(target=_child, args=(function, send))
    process.start()
    send.close()  # else recv() would not end when the child fails
    try:
        result: int = receive.recv()
    except EOFError:
        raise RuntimeError(f'{function} failed in its own process, see above') from None
    finally:
        process.join()
    return result


def no_options(text: str | None) -> None:
    """Answer ``--help``, and refuse what a script would ignore before it writes its results."""
    argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    ).parse_args()


def environment() -> dict[str, Any]:
    """The machine and the versions."""
    return {
        'machine': f'{platform.machine()}, {os.cpu_count()} cores, {platform.system()}',
        'python': platform.python_version(),
        'torch': torch.__version__,
        'threads': torch.get_num_threads(),
    }


def report(name: str, figures: dict[str, Any]) -> None:
    """Print the figures and write them with the machine and the versions."""
    content = {**figures, **environment()}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f'{name}.json').write_text(json.dumps(content, indent=1) + '\n')
    json.dump(content, sys.stdout, indent=1)
    print()
