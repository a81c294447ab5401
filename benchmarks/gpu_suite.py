"""What a training costs on one CUDA GPU, part by part, in less than four minutes.

Without CUDA the same parts run small on the CPU, with the network of the demo.
The figures are written after every measurement, so that a run that is cut keeps what it has.

Example:
    python benchmarks/gpu_suite.py --out benchmarks/results/gpu_suite.json
    python benchmarks/gpu_suite.py --parts ceilings,methods
"""

import argparse
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import torch
from data_tools import write_tiles
from measure import RESULTS
from suite import Suite, time_limit, waiting_lines
from suite_loader import samples_per_second, view_seconds, waiting
from training_step import Case, step_seconds

COMPILE_SECONDS = 60
METHODS = ('bare', 'glcnet', 'simclr', 'densecl')


def ceilings(suite: Suite) -> None:
    """The rate of copies in the memory of the device, and of bf16 matrix products."""
    cells = 2**30 if suite.device == 'cuda' else 2**22
    side = 8192 if suite.device == 'cuda' else 256

    def copy() -> dict[str, Any]:
        source = torch.ones(cells, dtype=torch.uint8, device=suite.device)
        target = torch.empty_like(source)
        ms = suite.time_step(lambda: target.copy_(source))['ms']
        return {'ms': ms, 'gb_per_second': 2 * cells / ms / 1e6}  # read and written

    def product() -> dict[str, Any]:
        a, b = (torch.randn(side, side, device=suite.device).bfloat16() for _ in range(2))
        ms = suite.time_step(lambda: a @ b)['ms']
        return {'ms': ms, 'tflop_per_second': 2 * side**3 / ms / 1e9}

    suite.measure('ceilings', 'copy', copy)
    suite.measure('ceilings', f'bf16 product {side}', product)


def methods(suite: Suite) -> None:
    """Steps of all methods in mixed precision, and of the first two in all precisions."""
    for precision in reversed(suite.precisions):  # what is used most comes first
        for method in METHODS if precision == suite.mixed else METHODS[:2]:
            suite.step('methods', Case(method, suite.network, precision))
    for method in METHODS[:2]:
        suite.step('methods', Case(method, suite.network, suite.mixed, channels_last=True))


def options(suite: Suite) -> None:
    """GLCNet with lines that a config may add, in mixed precision."""
    lines: dict[str, dict[str, Any]] = {
        'fused Adam': {'optim_wrapper.optimizer.fused': True},
        'checkpointed backbone': {'model.backbone.with_cp': True},
        'style branch alone': {'model.local_head': None},
        'local branch alone': {'model.style_head': None},
    }
    for name, changes in lines.items():
        suite.step('options', Case('glcnet', suite.network, suite.mixed, options=changes), name)
    for source in ('pageable', 'pinned') if suite.device == 'cuda' else ():
        case = Case('glcnet', suite.network, suite.mixed, source=source)
        suite.step('options', case, f'batch in {source} memory')
    accumulate = {'optim_wrapper.accumulative_counts': 4}
    case = Case('glcnet', suite.network, suite.mixed, options=accumulate)
    suite.step('options', case, 'accumulated over 4 parts', 4)


def lite0(suite: Suite) -> None:
    """The preset for a CPU."""
    for method in ('bare', 'glcnet', 'simclr'):
        for precision in dict.fromkeys((suite.precisions[0], suite.mixed)):
            suite.step('lite0', Case(method, 'lite0', precision, channels_last=True))
    fused = {'optim_wrapper.optimizer.fused': True}
    case = Case('glcnet', 'lite0', suite.precisions[0], channels_last=True, options=fused)
    suite.step('lite0', case, 'fused Adam')


def views(suite: Suite) -> None:
    """Seconds of a pair of views on a core."""
    pairs = 200 if suite.device == 'cuda' else 4
    for name, case in suite.view_cases().items():
        suite.measure('views', name, partial(view_seconds, case, suite.tiles, pairs))


def loader(suite: Suite) -> None:
    """Pairs per second by number of workers."""
    batch = suite.batches[suite.network]
    for name, case in suite.view_cases().items():
        for workers in suite.workers:
            rate = partial(samples_per_second, case, suite.tiles, workers, batch)
            suite.measure('loader', f'{name}, {workers} workers', rate)


def training(suite: Suite) -> None:
    """How long a real training waits for its data."""
    steps = 30 if suite.device == 'cuda' else 4
    batch = suite.batches[suite.network]
    for name, case in suite.view_cases().items():
        for workers in suite.workers[-2:]:
            with tempfile.TemporaryDirectory() as folder:
                run = partial(waiting, case, suite.tiles, workers, batch, steps, Path(folder))
                suite.measure('training', f'{name}, {workers} workers', run)


def device_views(suite: Suite) -> None:
    """Views that the device makes, and a step with them."""

    def views() -> dict[str, Any]:
        step = suite.build(suite.view_cases()['device views'])
        return suite.time_step(lambda: step.model.data_preprocessor(step.batch, True))

    suite.measure('device_views', 'views of a batch', views)
    suite.step('device_views', suite.view_cases()['device views'])


def profile(suite: Suite) -> None:
    """The operators that a step of GLCNet spends its time in, and how often it waits."""
    activities = [torch.profiler.ProfilerActivity.CPU]
    if suite.device == 'cuda':
        activities.append(torch.profiler.ProfilerActivity.CUDA)

    def run() -> dict[str, Any]:
        step = suite.build(Case('glcnet', suite.network, suite.mixed))
        step_seconds(step, 0, suite.warmup)
        with torch.profiler.profile(activities=activities) as record:
            step_seconds(step, 2, 0, suite.device)
        key = 'self_device_time_total' if suite.device == 'cuda' else 'self_cpu_time_total'
        events = sorted(record.key_averages(), key=lambda e: getattr(e, key), reverse=True)
        # a kernel has an entry of its own beside that of its operator
        events = [e for e in events if e.key.startswith(('aten::', 'cuda', 'Optimizer'))]
        total = sum(getattr(e, key) for e in events)
        row = {f'share of {e.key}': getattr(e, key) / total for e in events[:8]}
        counts = {e.key: e.count / 2 for e in events if e.key.startswith('cuda')}
        return {**row, 'calls': counts, 'operators': sum(e.count for e in events) / 2}

    def waits() -> dict[str, Any]:
        step = suite.build(Case('glcnet', suite.network, suite.mixed))
        step_seconds(step, 0, suite.warmup)
        return waiting_lines(step)

    suite.measure('profile', f'glcnet {suite.mixed}', run)
    if suite.device == 'cuda':
        suite.measure('profile', 'lines that wait for the device', waits)


def compiled(suite: Suite) -> None:
    """GLCNet with backbone and decode head compiled."""

    def run() -> dict[str, Any]:
        step = suite.build(Case('glcnet', suite.network, suite.mixed))
        backend = 'inductor' if suite.device == 'cuda' else 'eager'
        for part in (step.model.backbone, step.model.decode_head):
            part.compile(backend=backend)
        begin = time.monotonic()
        with time_limit(COMPILE_SECONDS):
            step()
            seconds = time.monotonic() - begin
            return {**suite.time_step(step), 'compile_seconds': seconds, 'backend': backend}

    suite.measure('compiled', f'glcnet {suite.mixed}', run)
    torch.compiler.reset()


PARTS = (
    ceilings,
    methods,
    options,
    profile,
    lite0,
    device_views,
    views,
    loader,
    training,
    compiled,
)


def table(figures: dict[str, Any]) -> str:
    """All measurements, one a line."""
    lines = [f'{figures["device"]}, torch {figures["torch"]}, cuda {figures["cuda"]}']
    for part, rows in figures.items():
        for name, row in rows.items() if isinstance(rows, dict) else ():
            cells = (
                f'{key} {value:.4g}' if isinstance(value, float) else f'{key} {value}'[:100]
                for key, value in row.items()
            )
            lines.append(f'{part:<13}{name:<40}{"  ".join(cells)}')
    return '\n'.join(lines)


def main() -> None:
    """Run the parts."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = [part.__name__ for part in PARTS]
    parser.add_argument('--out', type=Path, default=RESULTS / 'gpu_suite.json')
    parser.add_argument('--parts', default=','.join(names), help='names, with commas between')
    parser.add_argument('--minutes', type=float, default=4, help='for all parts together')
    args = parser.parse_args()
    chosen = args.parts.split(',')
    if unknown := set(chosen) - set(names):
        parser.error(f'--parts {", ".join(sorted(unknown))}: choose from {", ".join(names)}')
    if not torch.cuda.is_available():
        print('no CUDA device: the parts run small on the CPU')
        torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        write_tiles(Path(folder, 'tiles'), 200 if torch.cuda.is_available() else 8)
        suite = Suite(args.out, Path(folder, 'tiles/images'), args.minutes)
        for part in PARTS:
            if part.__name__ in chosen:
                print(f'{part.__name__} ...', flush=True)
                part(suite)
    print(table(suite.figures))


if __name__ == '__main__':
    main()
