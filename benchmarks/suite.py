"""Measurements of gpu_suite.py: timed, bounded, and written one by one."""

import gc
import json
import signal
import statistics
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from measure import environment
from training_step import Case, Step, draw_batch, step_seconds


@dataclass
class Suite:
    """Sizes of a run, and where its figures go.

    Args:
        out: The JSON file.
        tiles: Folder of images.
        minutes: Measurements that would begin later are left out.
    """

    out: Path
    tiles: Path
    minutes: float
    device: str = 'cuda' if torch.cuda.is_available() else 'cpu'
    figures: dict[str, Any] = field(default_factory=environment)
    begin: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        gpu = self.device == 'cuda'
        self.network = 'r50' if gpu else 'r18w16'
        self.batches = {'r50': 64, 'lite0': 24} if gpu else {'r18w16': 4, 'lite0': 2}
        self.warmup, self.repeats = (5, 12) if gpu else (1, 2)
        self.precisions = ('fp32', 'tf32', 'fp16', 'bf16') if gpu else ('fp32',)
        self.mixed = self.precisions[-1]
        self.workers = (0, 1, 2, 4, 8, 12) if gpu else (0, 1)
        self.out.parent.mkdir(parents=True, exist_ok=True)
        self.figures['device'] = torch.cuda.get_device_name() if gpu else 'cpu (no CUDA)'
        self.figures['cuda'] = torch.version.cuda
        self.figures['cudnn'] = torch.backends.cudnn.version()

    def measure(self, part: str, name: str, function: Callable[[], dict[str, Any]]) -> None:
        """Add the figures of a function, or the error that it ended with, and write the file."""
        begin = time.monotonic()
        try:
            if begin - self.begin > 60 * self.minutes:
                raise TimeoutError(f'left out: the {self.minutes:g} minutes are over')
            row = function()
        except Exception as error:
            row = {'error': f'{type(error).__name__}: {error}'[:300]}
        row = {key: round(v, 5) if isinstance(v, float) else v for key, v in row.items()}
        row['took_seconds'] = round(time.monotonic() - begin, 1)
        self.figures.setdefault(part, {})[name] = row
        self.figures['total_seconds'] = round(time.monotonic() - self.begin, 1)
        self.out.write_text(json.dumps(self.figures, indent=1) + '\n')

    def step(self, part: str, case: Case, name: str = '', updates: int = 1) -> None:
        """Time a step; with ``updates`` the batch is split, and so many steps count as one."""
        label = f'{case.method} {case.precision}' + ' channels_last' * case.channels_last
        self.measure(part, f'{label} {name}'.strip(), lambda: self.time_case(case, updates))

    def view_cases(self) -> dict[str, Case]:
        """GLCNet with views of the loader, and of the device."""
        case = Case('glcnet', self.network, self.mixed)
        return {'loader views': case, 'device views': replace(case, device_views=True)}

    def time_case(self, case: Case, parts: int = 1) -> dict[str, Any]:
        """Median milliseconds of a step on the whole batch, and its peak memory."""
        step = self.build(case, parts)
        row = self.time_step(lambda: [step() for _ in range(parts)])
        return {**row, 'batch': self.batches[case.network]}

    def build(self, case: Case, parts: int = 1) -> Step:
        """The step of a case on a part of the batch; what went before is freed."""
        gc.collect()
        batch = draw_batch(case, self.tiles, self.batches[case.network] // parts)
        return Step(case, batch, self.device)

    def time_step(self, step: Callable[[], Any]) -> dict[str, Any]:
        """Median milliseconds of a step, and its peak memory."""
        step_seconds(step, 0, self.warmup)  # cuDNN tries algorithms, in more memory
        if self.device == 'cuda':
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
        times = step_seconds(step, self.repeats, 1, self.device)
        row = {'ms': 1000 * statistics.median(times), 'worst_ms': 1000 * max(times)}
        if self.device == 'cuda':
            row['peak_gib'] = torch.cuda.max_memory_allocated() / 2**30
        return row


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """End what runs inside after some seconds, with a TimeoutError."""

    def stop(*_: Any) -> None:
        raise TimeoutError(f'not done after {seconds:g} s')

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def waiting_lines(step: Callable[[], Any]) -> dict[str, int]:
    """Lines of Python in which a step waits for the CUDA device, and how often."""
    torch.cuda.set_sync_debug_mode('warn')
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter('always')
            step()
    finally:
        torch.cuda.set_sync_debug_mode('default')
    lines = (f'{Path(one.filename).name}:{one.lineno}' for one in caught)
    return dict(Counter(lines).most_common())
