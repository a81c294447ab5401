import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from glcnet_plugin.engine.hooks import graceful_stop
from glcnet_plugin.engine.hooks.graceful_stop import GracefulStopHook

pytestmark = pytest.mark.slow

# Trains for a minute unless it is stopped; touches a file when it is under way.
CHILD = """
import os, sys, time, torch
from pathlib import Path
from mmengine.dataset import BaseDataset
from mmengine.model import BaseModel
from mmengine.runner import Runner
from glcnet_plugin.engine.cpu_launch import leave_group_on_exit

class Data(BaseDataset):
    def load_data_list(self): return [{'number': i} for i in range(64)]
    def prepare_data(self, index):
        time.sleep(0.01)
        return {'inputs': torch.ones(4)}

class Net(BaseModel):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(4, 1)
    def forward(self, inputs, data_samples=None, mode='loss'):
        if runner.iter == 3: Path(sys.argv[1], 'under_way' + os.environ.get('RANK', '')).touch()
        return {'loss': self.net(torch.stack(inputs)).pow(2).mean()}

if 'RANK' in os.environ: torch.distributed.init_process_group('gloo')
runner = Runner(
    model=Net(), work_dir=sys.argv[1],
    train_dataloader=dict(dataset=Data(), batch_size=2, num_workers=2,
                          sampler=dict(type='DefaultSampler', shuffle=True)),
    train_cfg=dict(by_epoch=True, max_epochs=100),
    optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
    default_hooks=dict(logger=None),
    custom_hooks=[dict(type='glcnet_plugin.DeterministicResumeHook'),
                  dict(type='glcnet_plugin.GracefulStopHook')],
)
fsync = os.fsync
os.fsync = lambda descriptor: (time.sleep(float(sys.argv[2])), fsync(descriptor))
with leave_group_on_exit():
    runner.train()
"""


def wait_for(path, child):
    limit = time.monotonic() + 100
    while not path.exists():
        assert child.poll() is None and time.monotonic() < limit, child.communicate()
        time.sleep(0.02)


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_job_saves_and_exits_with_its_code(tmp_path, number, start):
    child = start([sys.executable, '-c', CHILD, tmp_path, '0'])
    wait_for(tmp_path / 'under_way', child)
    os.killpg(child.pid, number)  # as terminals and slurm do: data processes get it too
    printed = child.communicate(timeout=60)[0]
    assert child.returncode == 128 + number, printed
    assert f'{number.name}: stopped after iteration' in printed and 'Traceback' not in printed
    saved = torch.load(tmp_path / 'stopped.pth', weights_only=False)
    assert saved['meta']['iter'] >= 3 and 'optimizer' in saved
    assert Path((tmp_path / 'last_checkpoint').read_text()) == tmp_path / 'stopped.pth'


@pytest.mark.parametrize('reached', [0, 1])
def test_no_process_leaves_before_the_checkpoint_is_written(
    tmp_path, reached, start, ranks_environment
):
    """A launcher ends all when the first one leaves; here a slow disk makes that visible."""
    children = [
        start([sys.executable, '-c', CHILD, tmp_path, '2'], env=environment)
        for environment in ranks_environment(2)
    ]
    for rank, child in enumerate(children):
        wait_for(tmp_path / f'under_way{rank}', child)
    children[reached].send_signal(signal.SIGTERM)
    children[1].wait(timeout=60)
    assert (tmp_path / 'stopped.pth').is_file() and (tmp_path / 'last_checkpoint').is_file()
    children[0].wait(timeout=60)
    assert [child.returncode for child in children] == [143, 143]


class Log:
    def __init__(self):
        self.lines = []

    def warning(self, text):
        self.lines.append(text)


class Run:
    """What the hook needs of a runner."""

    iter, epoch = 6, 1
    train_loop = val_loop = None
    optim_wrapper = SimpleNamespace(should_update=lambda: True)

    def __init__(self, folder):
        self.work_dir = str(folder)
        self.logger = Log()
        self.saved = []

    def save_checkpoint(self, folder, name, meta, by_epoch, backend_args):
        self.saved.append((name, meta))


def test_all_processes_stop_when_one_got_the_signal(tmp_path, monkeypatch):
    monkeypatch.setattr(graceful_stop, 'get_world_size', lambda: 2)
    monkeypatch.setattr(graceful_stop, 'all_reduce', lambda number, op: number.fill_(15))
    run, hook = Run(tmp_path), GracefulStopHook()
    with pytest.raises(SystemExit) as stopped:
        hook.after_train_iter(run, 0)
    assert stopped.value.code == 143
    assert run.saved == [('stopped.pth', {'epoch': 1, 'iter': 7})]


def test_accumulated_gradients_make_their_step_first(tmp_path):
    run, hook = Run(tmp_path), GracefulStopHook()
    hook.received = signal.SIGTERM
    run.optim_wrapper = SimpleNamespace(should_update=lambda: False)
    hook.after_train_iter(run, 0)
    assert not run.saved
    run.optim_wrapper = Run.optim_wrapper
    with pytest.raises(SystemExit):
        hook.after_train_iter(run, 1)
    assert len(run.saved) == 1


def test_repeats_count_as_one_and_a_later_signal_does_what_it_did_before(tmp_path, monkeypatch):
    """torchrun forwards a SIGTERM that a scheduler has sent to its workers already."""
    calls, clock = [], [100.0]
    monkeypatch.setattr(graceful_stop.time, 'monotonic', lambda: clock[0])
    old = signal.signal(signal.SIGTERM, lambda *_: calls.append('default'))
    try:
        hook = GracefulStopHook()
        hook.before_train(Run(tmp_path))
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGTERM)
            assert hook.received == signal.SIGTERM and not calls
            clock[0] += 4
        os.kill(os.getpid(), signal.SIGTERM)
        assert calls == ['default']
        os.kill(os.getpid(), signal.SIGTERM)
        assert calls == ['default'] * 2
    finally:
        signal.signal(signal.SIGTERM, old)


def test_repeats_are_ignored_while_the_process_ends(tmp_path):
    old = signal.signal(signal.SIGTERM, lambda *_: pytest.fail('it was killed'))
    try:
        hook = GracefulStopHook()
        hook.before_train(Run(tmp_path))
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(SystemExit):
            hook.after_train_iter(Run(tmp_path), 0)
        os.kill(os.getpid(), signal.SIGTERM)
    finally:
        hook.after_train(Run(tmp_path))
        signal.signal(signal.SIGTERM, old)


def test_signals_are_given_back_at_the_end(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    hook = GracefulStopHook()
    hook.before_train(Run(tmp_path))
    assert signal.getsignal(signal.SIGINT) != before
    hook.after_train(Run(tmp_path))
    assert signal.getsignal(signal.SIGINT) == before


def test_outside_of_the_main_thread_it_only_says_so(tmp_path):
    run = Run(tmp_path)
    thread = threading.Thread(target=GracefulStopHook().before_train, args=(run,))
    thread.start()
    thread.join()
    assert 'without saving' in run.logger.lines[0]


def wait_as_a_data_process(ready):
    graceful_stop.shield_worker_signals(lambda worker: ready.put(worker), 3)
    time.sleep(100)


@pytest.mark.skipif(not hasattr(signal, 'sigwaitinfo'), reason='needs Linux')
def test_data_processes_obey_their_parent_alone():
    fork = multiprocessing.get_context('fork')
    ready = fork.SimpleQueue()
    child = fork.Process(target=wait_as_a_data_process, args=(ready,), daemon=True)
    child.start()
    try:
        assert ready.get() == 3
        for name in ('-TERM', '-INT', '-TERM'):
            subprocess.run(['kill', name, str(child.pid)], check=True)
        child.join(0.5)
        assert child.is_alive()
        child.terminate()
        child.join(20)
        assert child.exitcode == 0
    finally:
        child.kill()
        child.join()
