import json
import os
import signal
import sys
import threading
import time

import pytest

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.study.context import StudyContext
from glcnet_plugin.study.plan import Job
from glcnet_plugin.study.results import read_failure
from glcnet_plugin.study.run import scheduler
from glcnet_plugin.study.run.scheduler import Timer, Workers, lock_folder, run_jobs

PLAN = [
    Job('pretrain', 'a', 0),
    Job('pretrain', 'b', 0),
    Job('finetune', 'a', 0, 2, 'pretrain/a/seed0'),
    Job('finetune', 'b', 0, 2, 'pretrain/b/seed0'),
    Job('finetune', 'random', 0, 2),
]


def work(context, job):
    """What a process does instead of a run; ``context.study`` says what happens."""
    with (context.folder / 'order.txt').open('a') as file:
        file.write(f'{job.name}\n')
    folder = context.folder_of(job)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'log.txt').touch()
    if context.study == job.name:
        raise DataError('tile_7.png cannot be read\nfetch it again')
    if context.study == f'kill {job.name}':
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.2 if context.study == 'slow' else 0)
    (folder / 'metrics.json').write_text(json.dumps({'seconds': 60, 'scores': {'Kappa': 0.5}}))


@pytest.fixture
def context(tmp_path):
    return make_context(tmp_path)


def make_context(folder, study='', plan=PLAN):
    return StudyContext(study, folder, None, plan, {}, {})


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(scheduler, 'run_job', work)
    monkeypatch.setattr(scheduler, 'START', 'fork')  # starts in no time, and knows this file
    lines = []

    def run(study='', finished=(), workers=2):
        lines.clear()
        run_jobs(make_context(tmp_path, study), set(finished), workers, lines.append)
        return lines

    return run


def order(folder):
    return (folder / 'order.txt').read_text().split()


def test_every_job_runs_once_after_what_it_needs(run, tmp_path):
    lines = run()
    names = order(tmp_path)
    assert sorted(names) == sorted(job.name for job in PLAN)
    for job in PLAN[2:4]:
        assert names.index(job.needs) < names.index(job.name)
    assert len(lines) == 5 and lines[-1].startswith('[5/5] ')
    assert 'Kappa 0.500 (60 s), done after' in lines[-1]


def test_what_is_finished_is_not_run_again(run, tmp_path):
    run()
    (tmp_path / 'order.txt').unlink()
    lines = run(finished=[job.name for job in PLAN[:4]])
    assert order(tmp_path) == ['finetune/random/2tiles/seed0'] and lines[0].startswith('[5/5]')


@pytest.mark.parametrize('how', ['', 'kill '])
def test_a_failure_stops_what_needs_it_and_nothing_else(run, context, tmp_path, how):
    lines = run(f'{how}pretrain/a/seed0')
    (failed,) = [line for line in lines if 'FAILED' in line]
    reason = read_failure(context, PLAN[0])
    said = 'its process was killed' if how else 'tile_7.png cannot be read'
    assert said in reason and 'pretrain/a/seed0/log.txt' in reason
    assert f'pretrain/a/seed0 FAILED: {said}' in failed and '\n' not in failed
    assert 'pretrain/a/seed0/log.txt' in failed
    assert read_failure(context, PLAN[2]) == 'pretrain/a/seed0, which it needs, failed'
    assert sorted(order(tmp_path)) == sorted(PLAN[i].name for i in (0, 1, 3, 4))
    run()  # tried again
    assert read_failure(context, PLAN[0]) is None and read_failure(context, PLAN[2]) is None


@pytest.fixture
def workers(monkeypatch):
    """Start workers whose jobs are a function of this file."""
    monkeypatch.setattr(scheduler, 'START', 'fork')
    started = []

    def start(count, function):
        monkeypatch.setattr(scheduler, 'run_job', function)
        started.append(Workers(count))
        return started[0]

    yield start
    started[0].close()


def test_processes_work_side_by_side(workers, tmp_path):
    plan = [Job('finetune', str(i), 0, 2) for i in range(2)]
    pool = workers(2, work)
    for number, job in zip(pool.idle(), plan, strict=True):
        pool.submit(number, make_context(tmp_path, 'slow'), job)
    assert pool.idle() == []
    ended = []
    while pool.running:
        ended += pool.wait()
    assert {job.method for job, _ in ended} == {'0', '1'} and pool.idle() == [0, 1]


def stubborn(context, job):
    """A training that saves on the first signal, and takes its time."""

    def save(*_):
        (context.folder / 'saved').touch()
        raise SystemExit(143)

    signal.signal(signal.SIGTERM, save)
    (context.folder / 'under_way').touch()
    time.sleep(100)


def wait_for(condition, limit=60):
    end = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_trainings_under_way_may_save(workers, context, tmp_path):
    pool = workers(1, stubborn)
    pool.submit(0, context, PLAN[0])
    wait_for((tmp_path / 'under_way').exists)
    pool.close()
    assert (tmp_path / 'saved').exists()


def endless(context, job):
    """A job that ignores the first signal."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    (context.folder / 'under_way').write_text(str(os.getpid()))
    time.sleep(100)


def gone(pid):
    """Whether a process has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_a_second_interrupt_ends_a_job_at_once(workers, context, tmp_path, monkeypatch):
    pool = workers(1, endless)
    pool.submit(0, context, PLAN[0])
    path = tmp_path / 'under_way'
    wait_for(lambda: path.exists() and path.read_text())

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(scheduler, 'wait', interrupt)
        pool.close()
    wait_for(lambda: gone(int(path.read_text())))


def test_the_interrupt_key_does_not_reach_workers_and_is_not_lost(workers, context, monkeypatch):
    """Else Ctrl-C during their imports prints a traceback for each of them."""
    monkeypatch.setattr(scheduler, '_start_worker', lambda gpu: None)
    pool = workers(1, interrupted)
    pool.submit(0, context, PLAN[0])
    (future,) = pool.running
    assert future.result(60) == {signal.SIGINT}
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # some runners ignore it
    try:
        with pytest.raises(KeyboardInterrupt), scheduler._ctrl_c_blocked():
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)
            delayed = True
    finally:
        signal.signal(signal.SIGINT, before)
    assert delayed and not signal.pthread_sigmask(signal.SIG_BLOCK, [])


def interrupted(context, job):
    os.kill(os.getpid(), signal.SIGINT)
    return signal.sigpending()


ORPHAN = """
import multiprocessing, os, time
from glcnet_plugin.study.run import scheduler

def late(pid):
    print(os.getpid(), flush=True)
    os.kill(pid, 9)  # the parent is killed while this process starts
    while os.getppid() == pid:
        time.sleep(0.01)
    scheduler._start_worker(None)
    time.sleep(100)

if __name__ == '__main__':
    child = multiprocessing.get_context('fork').Process(target=late, args=(os.getpid(),))
    child.start()
    time.sleep(100)
"""


@pytest.mark.slow
def test_a_worker_whose_parent_died_while_it_started_ends(start):
    child = start([sys.executable, '-c', ORPHAN])
    printed, _ = child.communicate(timeout=80)  # reads until all who hold the output have ended
    assert child.returncode == -signal.SIGKILL and printed.split()[-1].isdigit()


def test_time_left_is_that_of_jobs_of_a_kind(context):
    timer = Timer(context)
    unknown = f'{len(PLAN[2:])} finetune jobs, not timed yet, left'
    assert timer.left(PLAN[2:], 2) == unknown
    timer.add(PLAN[0], 60)
    assert timer.left([PLAN[0], *PLAN[2:]], 1) == f'about 1 min and {unknown}'
    timer.add(PLAN[2], 60)
    timer.add(PLAN[3], 120)
    assert timer.left(PLAN[2:], 1) == 'about 4 min left'  # 3 x 90 s
    assert timer.left(PLAN[2:], 3) == 'about 2 min left'
    assert timer.left([], 2).startswith('done after 0.0 min')


def test_only_one_works_in_a_folder(tmp_path):
    again = pytest.raises(ConfigError, match='another run works in .*study')
    with lock_folder(tmp_path / 'study'), again, lock_folder(tmp_path / 'study'):
        pass
    with lock_folder(tmp_path / 'study'):
        pass
