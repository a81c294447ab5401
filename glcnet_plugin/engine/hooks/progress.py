"""Show how far a run is."""

import atexit
import logging
import re
import shlex
import sys
import time
from pathlib import Path
from typing import Any

from mmengine.dist import master_only
from mmengine.hooks import Hook, LoggerHook
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmseg.models.segmentors import BaseSegmentor
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from glcnet_plugin.datasets.scenes import UnlabeledSceneDataset
from glcnet_plugin.engine.console import console_handlers, quiet_console
from glcnet_plugin.engine.utils import unwrap_model
from glcnet_plugin.registry import HOOKS

TIMED = 3  # steps until times are told; the first one is slower
SOON = 10.0  # seconds to the first log line, below which they are not told
# lines of MM that the bar replaces; summaries of scores have no 'eta'
REPLACED = re.compile(r'(Epoch|Iter)\((train\)|(val|test)\).*\beta: )')


@HOOKS.register_module()
class ProgressHook(Hook):
    """Say at the start what there is to do, show how far it is, and say what comes next.

    In a terminal a bar has the steps, the loss and the time left; it replaces the log lines of
    steps, which the log file keeps. Elsewhere the log lines stay, and the third step tells when to
    expect the first one. Dumps of machine, config and hooks are kept off the console where this
    package is imported in time, as by ``tools/train.py``.
    """

    priority = 'LOWEST'

    def __init__(self) -> None:
        self.bar: Progress | None = None
        self.started = 0.0  # when the first step ended
        self.first_step = 0

    def before_run(self, runner: Runner) -> None:
        """Keep what helps nobody off the console."""
        quiet_console(runner.logger)

    @master_only
    def before_train(self, runner: Runner) -> None:
        """Say what there is to do, and open the bar."""
        runner.logger.info(work_text(runner))
        self.first_step = runner.iter
        self._open(runner, 'training', runner.max_iters, runner.iter)

    @master_only
    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Advance the bar; without one, say when to expect the first log line."""
        done = runner.iter + 1 - self.first_step
        if self.bar is not None:
            loss = runner.message_hub.log_scalars.get('train/loss')
            note = '' if loss is None else f'loss {loss.mean(10):.3f}'
            self._update('training', completed=runner.iter + 1, note=note)
        elif done == 1:
            self.started = time.monotonic()
        elif done == TIMED and (first := first_log_line(runner)) <= runner.max_iters:
            step = (time.monotonic() - self.started) / (TIMED - 1)
            if (wait := step * (first - done)) >= SOON:
                left = max(1, round(step * (runner.max_iters - runner.iter - 1) / 60))
                runner.logger.info(
                    f'first log line in about {wait:.0f} s, the end in about {left} min'
                )

    @master_only
    def before_val_epoch(self, runner: Runner) -> None:
        """Show the validation as a bar of its own."""
        self._open(runner, 'scoring', len(runner.val_dataloader))

    @master_only
    def before_test_epoch(self, runner: Runner) -> None:
        """Show the test as a bar."""
        self._open(runner, 'scoring', len(runner.test_dataloader))

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Advance the bar."""
        self._update('scoring', completed=batch_idx + 1)

    after_test_iter = after_val_iter

    def after_val_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Remove the bar of the validation."""
        self._update('scoring', visible=False)

    @master_only
    def after_train(self, runner: Runner) -> None:
        """Close the bar, and say where everything is and what comes next."""
        self._close(runner.logger)
        if (text := next_text(runner)) is not None:
            runner.logger.info(text)

    def after_run(self, runner: Runner) -> None:
        """Close the bar of a test or a validation."""
        self._close(runner.logger)

    def _open(self, runner: Runner, task: str, total: int, done: int = 0) -> None:
        """Show a task, in a terminal only."""
        console = Console()
        if not console.is_interactive:
            return
        if self.bar is None:
            self.bar = Progress(
                TextColumn('{task.description}'), BarColumn(), MofNCompleteColumn(),
                TextColumn('{task.fields[note]}'), TimeRemainingColumn(), TextColumn('left'),
                console=console, speed_estimate_period=600, refresh_per_second=2,
            )  # fmt: skip
            self.bar.start()
            atexit.register(self._close, runner.logger)  # else an error leaves no cursor
            for handler in console_handlers(runner.logger):
                handler.setStream(sys.stdout)  # rich's, which writes above the bar
                handler.addFilter(is_not_replaced)
        self._update(task, visible=False)
        self.bar.add_task(task, total=total, completed=done, note='')

    def _update(self, task: str, **settings: Any) -> None:
        """Change the latest task of a name."""
        tasks = [] if self.bar is None else [t for t in self.bar.tasks if t.description == task]
        if self.bar is not None and tasks:
            self.bar.update(tasks[-1].id, **settings)

    def _close(self, logger: logging.Logger) -> None:
        """Leave the terminal as it was."""
        if self.bar is None:
            return
        self.bar.stop()
        self.bar = None
        for handler in console_handlers(logger):
            handler.setStream(sys.stdout)
            handler.removeFilter(is_not_replaced)
        atexit.unregister(self._close)


def is_not_replaced(record: logging.LogRecord) -> bool:
    """Whether a message is none of those that the bar replaces."""
    return REPLACED.match(record.getMessage()) is None


def work_text(runner: Runner) -> str:
    """What a training will do: images or windows, steps, epochs."""
    loader, loop = runner.train_dataloader, runner.train_loop
    kind = 'windows' if isinstance(loader.dataset, UnlabeledSceneDataset) else 'images'
    text = f'{len(loader.dataset):,} {kind}, '
    if isinstance(loop, EpochBasedTrainLoop):
        text += f'{len(loader):,} steps an epoch, {loop.max_epochs:,} epoch'
        text += 's' * (loop.max_epochs > 1)
    else:
        text += f'{loop.max_iters:,} steps'
    return text if runner.iter == 0 else f'{text}; {runner.iter:,} steps are done'


def first_log_line(runner: Runner) -> int:
    """The number of steps until mmengine logs the first one."""
    steps = [hook.interval for hook in runner.hooks if isinstance(hook, LoggerHook)]
    return int(min([*steps, len(runner.train_dataloader)]))


def next_text(runner: Runner) -> str | None:
    """Where the checkpoint, curves and pictures of a training are, and the next command.

    Args:
        runner: The run, after its training.

    Returns:
        One line; None without a checkpoint.
    """
    note = Path(runner.work_dir, 'last_checkpoint')
    if not note.is_file():
        return None
    checkpoint = note.read_text().strip()
    quoted, folder = shlex.quote(checkpoint), shlex.quote(runner.work_dir)
    if isinstance(unwrap_model(runner), BaseSegmentor):
        config = Path(runner.work_dir, Path(runner.cfg.filename or f'{runner.timestamp}.py').name)
        command = f'python tools/test.py {shlex.quote(str(config))} {quoted}'
    else:
        command = (
            f'python tools/fit_probe.py {quoted} LABELLED_FOLDER, or python tools/train.py '
            f'FINE_TUNING_CONFIG --data-root LABELLED_FOLDER --pretrained {quoted}'
        )
    return (
        f'saved {checkpoint}; losses and pictures: {Path(runner.log_dir, "vis_data")}; curves: '
        f'python tools/plot_runs.py {folder}; next: {command}'
    )
