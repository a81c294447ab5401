"""The command of studies; its parts are tested in tests/study."""

import json
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from script_processes import run_python

from glcnet_plugin.study.settings import read_study
from glcnet_plugin.study.tiles import choose_tiles

pytestmark = pytest.mark.slow
TEXT = """
_base_ = '{root}/configs/_base_/studies/methods_demo.py'
data = dict(root='{tiles}')
only = ['random', 'glcnet']
labels = ['2']
seeds = [0]
pretrain_steps = 2
finetune_options = {{'train_cfg.max_iters': 2, 'train_dataloader.batch_size': 2}}
methods = dict(glcnet=dict(options={{'train_dataloader.batch_size': 4}}))
"""

FORKED = """
import runpy, sys
from glcnet_plugin.study.run import scheduler
scheduler.START = 'fork'  # workers need not import the toolboxes
del sys.argv[0]
sys.path.insert(0, 'tools')
runpy.run_path(sys.argv[0], run_name='__main__')
"""


def with_forks(command):
    """The same command; the toolboxes are imported once."""
    return [command[0], '-c', FORKED, *command[1:]]


@pytest.fixture
def study(scenes, tmp_path, request):
    path = tmp_path / 'small.py'
    path.write_text(TEXT.format(root=request.config.rootpath, tiles=scenes))
    return path


@pytest.fixture
def command(study, tmp_path):
    return [sys.executable, 'tools/benchmark.py', study, '--work-dir', tmp_path / 'run']


def run(start, command, *more):
    child = start([*command, *more])
    printed = child.communicate(timeout=200)[0]
    return child.returncode, printed


def test_a_killed_study_goes_on(start, command, tmp_path, study):
    command += ['--workers', 1]
    child = start(command)
    end = time.monotonic() + 150
    while not list((tmp_path / 'run').glob('*/*/*/metrics.json')):
        assert child.poll() is None and time.monotonic() < end
        time.sleep(0.1)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    done = {p: p.stat().st_mtime_ns for p in (tmp_path / 'run').rglob('metrics.json')}
    assert 1 <= len(done) < 5
    command = with_forks(command)
    code, printed = run(start, command, '--cfg-options', "only=['random','glcnet']")
    assert code == 0, printed[-3000:]
    commands = json.loads((tmp_path / 'run/results.json').read_text())['commands']
    assert len(commands) == 2 and commands[1].endswith(
        """ --cfg-options "only=['random','glcnet']\""""
    )
    assert f'5 jobs, {len(done)} of them finished' in printed and '[5/5]' in printed
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in done.items())
    code, printed = run(start, command, '--cfg-options', 'seeds=[0,1]')  # more of the same
    assert code == 0 and '1 jobs are run again' in printed, printed[-3000:]
    stamps = {path: path.stat().st_mtime_ns for path in done}
    assert {path.parts[-4] for path in done if stamps[path] != done[path]} <= {'probe'}
    scores = json.loads((tmp_path / 'run/results.json').read_text())['scores']
    assert {(s['method'], s['seed']) for s in scores if s['kind'] == 'probe'} == {
        (method, seed) for method in ('random', 'glcnet') for seed in (0, 1)
    }
    code, printed = run(start, command, '--cfg-options', 'pretrain_steps=4')
    assert code == 1 and 'holds results of another study' in printed
    assert 'pretrain_steps: 2 -> 4' in printed and 'Traceback' not in printed


def test_one_job_and_the_scripts_for_slurm(start, command, tmp_path, study):
    code, printed = run(start, command, '--slurm=--partition=cpu')
    assert code == 0 and printed.splitlines()[-3].startswith('first=$(sbatch --parsable')
    assert (tmp_path / 'run/slurm/score.txt').read_text().split()[0] == 'probe/random/seed0'
    code, _ = run(start, command, '--job', 'finetune/random/2tiles/seed0')
    assert code == 0
    result = json.loads((tmp_path / 'run/finetune/random/2tiles/seed0/metrics.json').read_text())
    tiles = choose_tiles(read_study(study))
    assert len(tiles.val) == 4 and sum(map(sum, result['hist'])) == 4 * 160 * 160
    code, printed = run(start, command, '--job', 'finetune/glcnet/2tiles/seed0')
    assert (
        code == 1 and 'pretrain/glcnet/seed0, which finetune/glcnet/2tiles/seed0 needs' in printed
    )
    assert (tmp_path / 'run/finetune/glcnet/2tiles/seed0/failed.json').is_file()
    code, printed = run(start, command, '--job', 'finetune/moco/2tiles/seed0')
    assert code == 1 and 'has no such job' in printed


def processes_of(session):
    """Processes of a session, without zombies."""
    alive = []
    for path in Path('/proc').glob('[0-9]*/stat'):
        with suppress(FileNotFoundError, ProcessLookupError):
            state, _, _, sid = path.read_text().rpartition(') ')[2].split()[:4]
            if int(sid) == session and state != 'Z':
                alive.append(path.parent.name)
    return alive


def wait_until(condition, child, limit=150):
    end = time.monotonic() + limit
    while not condition():
        assert child.poll() is None and time.monotonic() < end
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != 'linux', reason='processes are counted in /proc')
@pytest.mark.parametrize('moment', ['workers start', 'jobs run'])
@pytest.mark.parametrize('sent', ['SIGINT', 'SIGTERM'])
def test_a_stopped_study_leaves_no_process(start, command, tmp_path, sent, moment):
    if moment == 'jobs run':
        command = with_forks(command)
    child = start([*command, '--workers', 2])
    if moment == 'workers start':
        wait_until(lambda: len(processes_of(child.pid)) >= 3, child)
    else:
        wait_until(lambda: list((tmp_path / 'run').glob('*/*/*/log.txt')), child)
    if sent == 'SIGINT':
        os.killpg(child.pid, signal.SIGINT)  # Ctrl-C reaches the processes of the terminal
    else:
        child.terminate()
    printed = child.communicate(timeout=100)[0]
    assert child.returncode == (130 if sent == 'SIGINT' else 143)
    assert 'Traceback' not in printed, printed[-3000:]
    if sent == 'SIGINT':
        assert printed.endswith('stopped; run the same command again to continue\n')
    end = time.monotonic() + 10
    while processes_of(child.pid):
        assert time.monotonic() < end, processes_of(child.pid)
        time.sleep(0.05)


def test_wrong_use():
    command = [sys.executable, 'tools/benchmark.py', 'configs/studies/demo_methods.py']
    done = run_python([*command, '--workers', '0'])
    assert done.returncode == 1 and 'error: --workers must be at least 1, got 0' in done.stderr
