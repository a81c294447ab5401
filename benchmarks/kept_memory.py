"""Training steps with freed memory kept in the process, and given back to the system.

A process each, in turn: the setting holds for a whole process.

Example:
    python benchmarks/kept_memory.py --networks lite0
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch
from data_tools import write_tiles
from measure import report
from training_step import NETWORKS, Case, Step, draw_batch, step_seconds

from glcnet_plugin.utils.allocator import keep_freed_memory

METHODS = ('glcnet', 'simclr')


def measure_steps(case: Case, tiles: Path, steps: int, keep: bool) -> dict[str, float]:
    """Cost of a training step in this process, in one thread.

    Args:
        case: What is trained.
        tiles: Folder of images.
        steps: Steps that count, after two that do not.
        keep: Whether freed memory is kept.

    Returns:
        Per step, wall and processor seconds, those in the system, and pages that were mapped;
        and the peak memory of the process in MiB.
    """
    torch.set_num_threads(1)
    if keep:
        keep_freed_memory({})
    batch = draw_batch(case, tiles, case.config().train_dataloader.batch_size)
    step = Step(case, batch, 'cpu')
    step_seconds(step, 0, 2)
    before, start = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    step_seconds(step, steps, 0)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF)
    system = after.ru_stime - before.ru_stime
    return {
        'wall_s': wall / steps,
        'processor_s': (system + after.ru_utime - before.ru_utime) / steps,
        'system_s': system / steps,
        'page_faults': (after.ru_minflt - before.ru_minflt) / steps,
        'peak_mib': after.ru_maxrss / 1024,
    }


def take_turns(case: Case, tiles: Path, steps: int, rounds: int) -> dict[str, Any]:
    """Medians over processes of both kinds, and of the ratios of their processor times.

    Args:
        case: What is trained.
        tiles: Folder of images.
        steps: Steps in each process.
        rounds: Processes of each kind.

    Returns:
        ``returned``, ``kept``, and ``returned_over_kept`` for wall and processor time.
    """
    found: dict[bool, list[dict[str, float]]] = {False: [], True: []}
    for _ in range(rounds):
        for keep, own in found.items():
            with get_context('spawn').Pool(1) as pool:
                own.append(pool.apply(measure_steps, (case, tiles, steps, keep)))
    ratios = {
        key: round(statistics.median(_ratios(found[False], found[True], key)), 3)
        for key in ('wall_s', 'processor_s')
    }
    return {'returned': _medians(found[False]), 'kept': _medians(found[True]),
            'returned_over_kept': ratios}  # fmt: skip


def _medians(found: Sequence[dict[str, float]]) -> dict[str, float]:
    """Median of each figure."""
    return {key: round(statistics.median(one[key] for one in found), 3) for key in found[0]}


def _ratios(
    above: Sequence[dict[str, float]], below: Sequence[dict[str, float]], key: str
) -> list[float]:
    """Ratio of a figure, pair by pair."""
    return [a[key] / b[key] for a, b in zip(above, below, strict=True)]


def main() -> None:
    """Measure the shipped configs, and write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--networks', nargs='+', choices=NETWORKS, default=['r18w16', 'lite0'])
    parser.add_argument('--steps', type=int, default=5)
    parser.add_argument('--rounds', type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_tiles(Path(folder, 'tiles'), 64)
        figures = {
            network: {
                method: take_turns(
                    Case(method, network), Path(folder, 'tiles/images'), args.steps, args.rounds
                )
                for method in METHODS
            }
            for network in args.networks
        }
    report('kept_memory', figures)


if __name__ == '__main__':
    main()
