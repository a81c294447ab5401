import atexit
import io
import logging
import re
import sys
from types import SimpleNamespace

import pytest
from mmengine.hooks import LoggerHook
from mmseg.models import EncoderDecoder
from rich.console import Console

from glcnet_plugin.engine.console import console_handlers
from glcnet_plugin.engine.hooks import ProgressHook, progress

HOOK = dict(type='glcnet_plugin.ProgressHook')


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def open_terminal(monkeypatch):
    """Puts a terminal of 120 columns in place of standard output, in the test itself."""

    def open_terminal():
        monkeypatch.setattr(sys, 'stdout', Terminal())
        for name, value in (('TERM', 'xterm'), ('COLUMNS', '120')):
            monkeypatch.setenv(name, value)
        monkeypatch.delenv('NO_COLOR', raising=False)
        return sys.stdout

    return open_terminal


def plain(stream):
    """Lines without control sequences."""
    text = re.sub(r'\x1b\[[?0-9;]*[a-zA-Z]', '', stream.getvalue())
    return [line for line in re.split('[\r\n]+', text) if line]


def log_of(folder):
    (path,) = folder.glob('*/*.log')
    return path.read_text()


@pytest.mark.slow
def test_a_terminal_has_a_bar_and_the_file_has_every_line(
    train, tiny_glcnet, tmp_path, open_terminal
):
    terminal = open_terminal()
    folder = tmp_path / 'a run'
    hooks = [HOOK, dict(type='glcnet_plugin.AtomicCheckpointHook')]
    runner = train(tiny_glcnet, folder, hooks, epochs=1)
    shown = plain(terminal)
    assert any('8 images, 2 steps an epoch, 1 epoch' in line for line in shown)
    bar = [line for line in shown if '2/2' in line][-1]
    assert re.match(r'training .* 2/2 loss \d+\.\d{3} 0:00:00 left', bar)
    assert not any('Epoch(train)' in line for line in shown)
    assert sys.stdout is terminal  # and no longer rich's
    (handler,) = console_handlers(runner.logger)
    assert handler.stream is terminal and progress.is_not_replaced not in handler.filters
    lines = log_of(folder).splitlines()
    assert any('Epoch(train)' in line for line in lines)
    assert f'saved {folder}/epoch_1.pth; losses and pictures: {folder}/2' in lines[-1]
    assert f"/vis_data; curves: python tools/plot_runs.py '{folder}'; next: python " in lines[-1]
    path = f"'{folder}/epoch_1.pth'"
    assert lines[-1].endswith(
        f'next: python tools/fit_probe.py {path} LABELLED_FOLDER, or python tools/train.py '
        f'FINE_TUNING_CONFIG --data-root LABELLED_FOLDER --pretrained {path}'
    )


class FakeRun(SimpleNamespace):
    """A run of 100 steps that logs every 50 of them."""

    def __init__(self, folder, model=None):
        dataset = range(40)
        super().__init__(
            logger=logging.Logger('x'), iter=0, max_iters=100, hooks=[LoggerHook(interval=50)],
            train_dataloader=SimpleNamespace(dataset=dataset, __len__=lambda: 80),
            train_loop=SimpleNamespace(max_iters=100), work_dir=str(folder),
            log_dir=str(folder / '2026'), model=model, cfg=SimpleNamespace(filename='a/b.py'),
        )  # fmt: skip


@pytest.mark.parametrize(
    ('step', 'first', 'said'), [(20.0, 50, True), (0.1, 50, False), (20.0, 101, False)]
)
def test_a_pipe_is_told_when_to_expect_the_first_line(monkeypatch, tmp_path, step, first, said):
    """There was silence until step 50."""
    monkeypatch.setattr(progress, 'first_log_line', lambda runner: first)
    run, pipe, clock = FakeRun(tmp_path), io.StringIO(), iter([0.0, 2 * step])
    run.logger.addHandler(logging.StreamHandler(pipe))
    monkeypatch.setattr(progress.time, 'monotonic', lambda: next(clock))
    hook = ProgressHook()
    for run.iter in range(6):
        hook.after_train_iter(run, run.iter)
    line = 'first log line in about 940 s, the end in about 32 min\n'
    assert pipe.getvalue() == line * said


def test_the_first_log_line_comes_with_an_interval_or_an_epoch():
    hooks = [LoggerHook(interval=50)]
    for length, first in ((80, 50), (12, 12)):
        run = SimpleNamespace(hooks=hooks, train_dataloader=range(length))
        assert progress.first_log_line(run) == first


def test_steps_that_are_done_are_told(tmp_path):
    run = FakeRun(tmp_path)
    assert progress.work_text(run) == '40 images, 100 steps'
    run.iter = 60
    assert progress.work_text(run) == '40 images, 100 steps; 60 steps are done'


def test_a_fine_tuning_is_scored_next(tmp_path):
    run = FakeRun(tmp_path, EncoderDecoder.__new__(EncoderDecoder))
    assert progress.next_text(run) is None  # nothing was saved
    (tmp_path / 'last_checkpoint').write_text('run/iter_2.pth')
    assert progress.next_text(run).endswith(f'python tools/test.py {tmp_path}/b.py run/iter_2.pth')


def test_an_error_leaves_the_cursor(open_terminal, monkeypatch):
    """The bar hides it, and hooks are not told of errors."""
    terminal = open_terminal()
    kept = []
    monkeypatch.setattr(atexit, 'register', lambda *call: kept.append(call))
    logger = logging.Logger('x')
    logger.addHandler(logging.StreamHandler(terminal))
    runner = type('Run', (), {'logger': logger})
    ProgressHook()._open(runner, 'training', 4)
    logger.info('Epoch(train)  [1][10/12]  loss: 4')
    logger.info('Epoch(val) [1][5/5]    mIoU: 3')
    logger.info('Epoch(val) [1][5/9]    eta: 0:00:01')
    ((close, *arguments),) = kept
    close(*arguments)
    shown = plain(terminal)
    assert 'Epoch(val) [1][5/5]    mIoU: 3' in [line.strip() for line in shown]
    assert not any('Epoch(train)' in line or 'eta: 0' in line for line in shown)
    assert terminal.getvalue().rstrip().endswith('\x1b[?25h')  # the cursor is shown
    logger.info('Epoch(train)  [1][11/12]')
    assert 'Epoch(train)' in terminal.getvalue()


def test_no_bar_without_a_terminal(monkeypatch):
    monkeypatch.setattr(progress, 'Console', lambda: Console(file=io.StringIO()))
    hook = ProgressHook()
    hook._open(None, 'training', 4)
    assert hook.bar is None
    hook._close(logging.Logger('x'))
