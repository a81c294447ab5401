"""The command of studies; its parts are tested in tests/study."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from glcnet_plugin.study.settings import read_study
from glcnet_plugin.study.tiles import choose_tiles

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
    child = start([*command, '--jobs', 1])
    end = time.monotonic() + 150
    while not list((tmp_path / 'run').glob('*/*/*/metrics.json')):
        assert child.poll() is None and time.monotonic() < end
        time.sleep(0.1)
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    done = {p: p.stat().st_mtime_ns for p in (tmp_path / 'run').rglob('metrics.json')}
    assert 1 <= len(done) < 5
    code, printed = run(start, command, '--cfg-options', "only=['random','glcnet']")
    assert code == 0, printed[-3000:]
    commands = json.loads((tmp_path / 'run/results.json').read_text())['commands']
    assert len(commands) == 2 and commands[1].endswith(
        """ --cfg-options "only=['random','glcnet']\""""
    )
    assert f'5 cells, {len(done)} of them finished' in printed and '[5/5]' in printed
    assert all(path.stat().st_mtime_ns == stamp for path, stamp in done.items())
    code, printed = run(start, command, '--cfg-options', 'seeds=[0,1]')  # more of the same
    assert code == 0 and '1 probes are run again' in printed, printed[-3000:]
    stamps = {path: path.stat().st_mtime_ns for path in done}
    assert {path.parts[-4] for path in done if stamps[path] != done[path]} <= {'probe'}
    scores = json.loads((tmp_path / 'run/results.json').read_text())['scores']
    assert {(s['method'], s['seed']) for s in scores if s['kind'] == 'probe'} == {
        (method, seed) for method in ('random', 'glcnet') for seed in (0, 1)
    }
    code, printed = run(start, command, '--cfg-options', 'pretrain_steps=4')
    assert code == 1 and 'holds results of another study' in printed
    assert 'pretrain_steps: 2 -> 4' in printed and 'Traceback' not in printed


def test_one_cell_and_the_scripts_for_slurm(start, command, tmp_path, study):
    code, printed = run(start, command, '--slurm=--partition=cpu')
    assert code == 0 and printed.splitlines()[-3].startswith('first=$(sbatch --parsable')
    assert (tmp_path / 'run/slurm/score.txt').read_text().split()[0] == 'probe/random/seed0'
    code, _ = run(start, command, '--cell', 'finetune/random/2tiles/seed0')
    assert code == 0
    found = json.loads((tmp_path / 'run/finetune/random/2tiles/seed0/metrics.json').read_text())
    tiles = choose_tiles(read_study(study))
    assert len(tiles.val) == 4 and sum(map(sum, found['hist'])) == 4 * 160 * 160
    code, printed = run(start, command, '--cell', 'finetune/glcnet/2tiles/seed0')
    assert (
        code == 1 and 'pretrain/glcnet/seed0, which finetune/glcnet/2tiles/seed0 needs' in printed
    )
    assert (tmp_path / 'run/finetune/glcnet/2tiles/seed0/failed.json').is_file()
    code, printed = run(start, command, '--cell', 'finetune/moco/2tiles/seed0')
    assert code == 1 and 'there is no such cell' in printed


def test_wrong_use():
    command = [sys.executable, 'tools/benchmark.py', 'configs/studies/demo_methods.py']
    done = subprocess.run([*command, '--jobs', '0'], capture_output=True, text=True)
    assert done.returncode == 1 and 'error: --jobs must be at least 1, got 0' in done.stderr
