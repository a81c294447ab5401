"""Save, then stop, on preemption or Ctrl-C."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from mmengine.device import get_device
from mmengine.dist import all_reduce, barrier, get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.runner import Runner

from glcnet_plugin.engine.utils import is_accumulating
from glcnet_plugin.registry import HOOKS
from glcnet_plugin.utils.atomic_io import ATOMIC_BACKEND

NAME = 'stopped.pth'
SIGNALS = (signal.SIGTERM, signal.SIGINT)
REPEATS = 10.0  # seconds after a signal in which others count as the same


@HOOKS.register_module()
class GracefulStopHook(Hook):
    """On SIGTERM (slurm's preemption) or SIGINT (Ctrl-C), finish the iteration, save, exit.

    Writes ``stopped.pth`` into the work dir, from which ``--resume`` continues, and exits with 128
    + the number of the signal: 143 or 130. If gradients are accumulated over iterations, training
    continues to their step first. With multiple processes all stop after the same iteration,
    whichever of them received the signal.

    Repeats within 10 seconds count as the same signal: a launcher such as torchrun forwards the one
    that a scheduler or a terminal has sent to its workers already. Any later one ends the process
    at once.

    A terminal and slurm also send the signal to the workers of the data loaders. These ignore it
    unless it comes from their main process, which still needs their batches.
    """

    priority = 'LOWEST'  # after all hooks that change what is saved

    def __init__(self) -> None:
        self.received = 0
        self.received_at = 0.0
        self.before: dict[int, Any] = {}

    def before_train(self, runner: Runner) -> None:
        """Install the handlers, which only the main thread can."""
        if threading.current_thread() is not threading.main_thread():
            runner.logger.warning('not in the main thread: signals end the run without saving')
            return
        self.before = {number: signal.signal(number, self._receive) for number in SIGNALS}
        for loop in (runner.train_loop, runner.val_loop):
            if loop is not None:
                loader = loop.dataloader
                loader.worker_init_fn = partial(shield_worker_signals, loader.worker_init_fn)

    def after_train(self, runner: Runner) -> None:
        """Restore the previous handlers."""
        self._restore()

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Stop if any process received a signal."""
        number = self._agree()
        if not number or is_accumulating(runner):  # accumulated gradients are not saved
            return
        done = runner.iter + 1
        runner.save_checkpoint(
            runner.work_dir,
            NAME,
            meta={'epoch': runner.epoch, 'iter': done},
            by_epoch=False,
            backend_args={'backend': ATOMIC_BACKEND},
        )
        path = Path(runner.work_dir) / NAME
        if is_main_process():
            path.with_name('last_checkpoint').write_text(str(path))
        barrier()  # a launcher kills all processes when the first one exits
        runner.logger.warning(
            f'{signal.Signals(number).name}: stopped after iteration {done}; saved {path}, '
            'continue with --resume'
        )
        sys.exit(128 + number)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        """Note a signal; one that comes after its repeats has its previous effect."""
        if not self.received:
            self.received, self.received_at = number, time.monotonic()
        elif time.monotonic() - self.received_at > REPEATS:
            self._restore()
            signal.raise_signal(number)

    def _restore(self) -> None:
        """Restore the previous handlers."""
        while self.before:
            signal.signal(*self.before.popitem())

    def _agree(self) -> int:
        """The largest number of a signal that any process received; 0 for none."""
        if get_world_size() == 1:
            return self.received
        number = torch.tensor(self.received, device=get_device())
        all_reduce(number, 'max')
        return int(number)


def shield_worker_signals(init: Callable[[int], None] | None, worker: int) -> None:
    """Initialise a worker of a data loader: only signals of its main process end it.

    Args:
        init: Another ``worker_init_fn`` to call, or None.
        worker: Number of the worker.
    """
    if hasattr(signal, 'sigwaitinfo'):  # Linux; a signal handler does not learn the sender
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        threading.Thread(target=_obey_parent, daemon=True).start()
    if init is not None:
        init(worker)


def _obey_parent() -> None:
    """Exit when the parent process sends a signal."""
    while signal.sigwaitinfo(SIGNALS).si_pid != os.getppid():
        pass
    os._exit(0)
