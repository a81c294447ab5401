"""Save, then stop, when the machine is taken away or the user presses Ctrl-C."""

import os
import signal
import sys
import threading
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


@HOOKS.register_module()
class GracefulStopHook(Hook):
    """On SIGTERM (slurm's preemption) or SIGINT (Ctrl-C), finish the iteration, save, exit.

    Writes ``stopped.pth`` into the work dir, from which ``--resume`` goes on, and exits with 128
    + the number of the signal: 143 or 130. Where gradients are accumulated over iterations, it goes
    on to their step first. With several processes all stop after the same
    iteration, whichever of them the signal reached. A second signal ends the process at once.

    A terminal, and slurm, send the signal to the processes that read the data, too. These obey
    their own main process alone, since their batches are still wanted.
    """

    priority = 'LOWEST'  # after all hooks that change what is saved

    def __init__(self) -> None:
        self.received = 0
        self.before: dict[int, Any] = {}

    def before_train(self, runner: Runner) -> None:
        """Listen, where that is possible: in the main thread."""
        if threading.current_thread() is not threading.main_thread():
            runner.logger.warning('not in the main thread: signals end the run without saving')
            return
        self.before = {number: signal.signal(number, self._receive) for number in SIGNALS}
        for loop in (runner.train_loop, runner.val_loop):
            if loop is not None:
                loader = loop.dataloader
                loader.worker_init_fn = partial(shield_worker_signals, loader.worker_init_fn)

    def after_train(self, runner: Runner) -> None:
        """Listen no more."""
        self._restore()

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Stop, if a signal came to any of the processes."""
        number = self._agree()
        if not number or is_accumulating(runner):  # what is accumulated is not saved
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
        barrier()  # a launcher ends all processes when the first one leaves
        self._restore()
        runner.logger.warning(
            f'{signal.Signals(number).name}: stopped after iteration {done}; saved {path}, go on '
            'with --resume'
        )
        sys.exit(128 + number)

    def _receive(self, number: int, _frame: FrameType | None) -> None:
        """Note a signal; the next one does what it did before."""
        self.received = number
        self._restore()

    def _restore(self) -> None:
        """Give the signals back."""
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
    """First call of a process of a data loader: end it by signals of the main process only.

    Args:
        init: What else is called, or None.
        worker: Number of the process.
    """
    if hasattr(signal, 'sigwaitinfo'):  # Linux; a signal handler would not know the sender
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        threading.Thread(target=_obey_parent, daemon=True).start()
    if init is not None:
        init(worker)


def _obey_parent() -> None:
    """End this process when its parent says so."""
    while signal.sigwaitinfo(SIGNALS).si_pid != os.getppid():
        pass
    os._exit(0)
