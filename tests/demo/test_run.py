"""The whole demo on tiny data, twice: the second run repeats nothing."""

import json
import sys
import time

import pytest
import run
from script_processes import run_python

from glcnet_plugin.errors import ConfigError, DataError

TINY = """
_base_ = '{base}'
labels = ['2']
seeds = [0]
pretrain_steps = 2
quick = dict(labels=['2'], pretrain_seeds=[0], pretrain_steps=2)
finetune_options = {{'train_cfg.max_iters': 2, 'train_dataloader.batch_size': 2}}
methods = dict(glcnet=dict(options={{'train_dataloader.batch_size': 4, {options}}}))
"""


@pytest.fixture
def small(monkeypatch, scenes, tmp_path, forked_workers):
    """The demo on small tiles, two steps of everything, one seed; options follow."""
    crop = {
        'STUDY': '',
        'FOLDER_STUDY': "'train_dataloader.dataset.pipeline.1.crop_size': 96",
    }
    for name in crop:
        study = tmp_path / f'{name}.py'
        study.write_text(TINY.format(base=getattr(run, name), options=crop[name]))
        monkeypatch.setattr(run, name, study)
    cut, make = run.cut_folder, run.make_scenes
    monkeypatch.setattr(run, 'cut_folder', lambda data, out: cut(data, out, tile=120))
    monkeypatch.setattr(run, 'make_scenes', lambda out, scenes: make(out, 3, 320, 80))
    monkeypatch.setattr(run, 'default_workers', lambda: 1)
    work = tmp_path / 'work'

    def options(*more):
        monkeypatch.setattr(sys, 'argv', ['run.py', '--work-dir', str(work), *map(str, more)])
        return work

    return options


@pytest.mark.slow
def test_demo(small, capsys):
    folder = small()
    assert run.main() == 0
    first = capsys.readouterr().out
    results = json.loads((folder / 'results.json').read_text())
    kinds = [(score['kind'], score['method']) for score in results['scores']]
    assert len(kinds) == len(set(kinds)) == 2 * 4 + 1  # the dense map is GLCNet's alone
    assert results['held_out'] == ['s002']
    assert '[5/5]' in first and 'random forest' in first and 'minutes in total' in first
    stamps = {path: path.stat().st_mtime_ns for path in folder.rglob('metrics.json')}
    assert len(stamps) == 5
    assert run.main() == 0
    assert '5 jobs, 5 of them finished' in capsys.readouterr().out
    assert stamps == {path: path.stat().st_mtime_ns for path in folder.rglob('metrics.json')}


@pytest.mark.slow
def test_a_folder_of_a_user_is_compared_with_imagenet(small, scenes, capsys):
    folder = small('--data', scenes)
    assert run.main() == 0
    results = json.loads((folder / 'results.json').read_text())
    methods = {score['method'] for score in results['scores'] if score['kind'] == 'probe'}
    assert methods == {'random', 'imagenet', 'imagenet-statistics', 'glcnet'}
    assert '[5/5]' in capsys.readouterr().out


def test_tiles_of_another_folder_are_not_taken_for_these(tmp_path):
    (tmp_path / 'source.txt').write_text('/data/other')
    with pytest.raises(ConfigError, match='holds the demo of /data/other, not of generated'):
        run.prepare(None, tmp_path / 'tiles')


@pytest.mark.slow
def test_groups_to_hold_out_are_checked_before_tiles_are_cut(scenes, tmp_path):
    """A folder of large images is cut for minutes."""
    with pytest.raises(DataError, match=r"groups to hold out \['Q'\] are not among"):
        run.prepare(scenes, tmp_path / 'work/tiles', ['Q'])
    assert not (tmp_path / 'work').exists()


def test_errors_end_the_demo_with_a_line(request):
    command = [sys.executable, 'demo/run.py', '--data', '/nowhere']
    done = run_python(command, timeout=120)
    assert done.returncode == 1 and 'Traceback' not in done.stderr
    assert 'error: cannot read /nowhere/classes.json: /nowhere is not a folder' in done.stderr


@pytest.mark.slow
def test_terminated_demo_saves_what_is_under_way(small, start):
    """A training that was killed outright would leave no ``stopped.pth``."""
    folder = small()
    run.prepare(None, folder / 'tiles')  # small ones, which the command finds there
    child = start([sys.executable, 'demo/run.py', '--work-dir', folder])
    end = time.monotonic() + 150
    while not list(folder.glob('pretrain/glcnet/seed0/*/vis_data/scalars.json')):
        assert child.poll() is None and time.monotonic() < end
        time.sleep(0.1)
    child.terminate()
    child.communicate(timeout=60)
    assert child.returncode == 143
    assert (folder / 'pretrain/glcnet/seed0/stopped.pth').exists()
