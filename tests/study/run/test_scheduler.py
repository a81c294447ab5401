import json
import os
import signal
import time

import pytest

from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.study.plan import Cell
from glcnet_plugin.study.results import read_failure
from glcnet_plugin.study.run import scheduler as runner
from glcnet_plugin.study.run.scheduler import Slots, Times, only_one, run_study

PLAN = [
    Cell('pretrain', 'a', 0),
    Cell('pretrain', 'b', 0),
    Cell('finetune', 'a', 0, 2, 'pretrain/a/seed0'),
    Cell('finetune', 'b', 0, 2, 'pretrain/b/seed0'),
    Cell('finetune', 'random', 0, 2),
]


def work(study, tiles, folder, cell):
    """What a process does instead of a run."""
    with (folder / 'order.txt').open('a') as file:
        file.write(f'{cell.name}\n')
    (folder / cell.name).mkdir(parents=True, exist_ok=True)
    (folder / cell.name / 'log.txt').touch()
    if study == cell.name:
        raise DataError('tile_7.png cannot be read')
    if study == f'kill {cell.name}':
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.2 if study == 'slow' else 0)
    scores = {'Kappa': 0.5}
    result = folder / cell.name / 'metrics.json'
    result.write_text(json.dumps({'seconds': 60, 'scores': scores}))


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, 'run_cell', work)
    monkeypatch.setattr(runner, 'START', 'fork')  # starts in no time, and knows this file
    lines = []

    def run(study='', finished=(), jobs=2, plan=PLAN):
        lines.clear()
        run_study(study, None, tmp_path, plan, set(finished), jobs, lines.append)
        return lines

    return run


def order(folder):
    return (folder / 'order.txt').read_text().split()


def test_every_cell_runs_once_after_what_it_needs(run, tmp_path):
    lines = run()
    names = order(tmp_path)
    assert sorted(names) == sorted(cell.name for cell in PLAN)
    for cell in PLAN[2:4]:
        assert names.index(cell.needs) < names.index(cell.name)
    assert len(lines) == 5 and lines[-1].startswith('[5/5] ')
    assert 'Kappa 0.500 (60 s), done after' in lines[-1]


def test_what_is_finished_is_not_run_again(run, tmp_path):
    run()
    (tmp_path / 'order.txt').unlink()
    lines = run(finished=[cell.name for cell in PLAN[:4]])
    assert order(tmp_path) == ['finetune/random/2tiles/seed0'] and lines[0].startswith('[5/5]')


@pytest.mark.parametrize('how', ['', 'kill '])
def test_a_failure_stops_what_needs_it_and_nothing_else(run, tmp_path, how):
    lines = run(f'{how}pretrain/a/seed0')
    assert sum('FAILED' in line for line in lines) == 1
    reason = read_failure(tmp_path, PLAN[0])
    said = 'its process was killed' if how else 'tile_7.png cannot be read'
    assert said in reason and 'pretrain/a/seed0/log.txt' in reason
    assert read_failure(tmp_path, PLAN[2]) == 'pretrain/a/seed0, which it needs, failed'
    assert sorted(order(tmp_path)) == sorted(PLAN[i].name for i in (0, 1, 3, 4))
    run()  # tried again
    assert read_failure(tmp_path, PLAN[0]) is None and read_failure(tmp_path, PLAN[2]) is None


def test_processes_work_side_by_side(run, tmp_path):
    plan = [Cell('finetune', str(i), 0, 2) for i in range(2)]
    slots = Slots(2)
    try:
        for number, cell in zip(slots.free(), plan, strict=True):
            slots.submit(number, ('slow', None, tmp_path), cell)
        assert slots.free() == []
        ended = []
        while slots.running:
            ended += slots.finished()
        assert {cell.method for cell, _ in ended} == {'0', '1'} and slots.free() == [0, 1]
    finally:
        slots.close()


def stubborn(study, tiles, folder, cell):
    """A training that saves on the first signal, and takes its time."""

    def save(*_):
        (folder / 'saved').touch()
        raise SystemExit(143)

    signal.signal(signal.SIGTERM, save)
    (folder / 'under_way').touch()
    time.sleep(100)


def test_trainings_under_way_may_save(tmp_path, monkeypatch):
    monkeypatch.setattr(runner, 'run_cell', stubborn)
    monkeypatch.setattr(runner, 'START', 'fork')
    slots = Slots(1)
    slots.submit(0, ('', None, tmp_path), PLAN[0])
    while not (tmp_path / 'under_way').exists():
        time.sleep(0.01)
    slots.close()
    assert (tmp_path / 'saved').exists()


def test_time_left_is_that_of_cells_of_a_kind(tmp_path):
    times = Times(PLAN, tmp_path)
    unknown = f'{len(PLAN[2:])} finetune cells, not timed yet, left'
    assert times.left(PLAN[2:], 2) == unknown
    times.add(PLAN[0], 60)
    assert times.left([PLAN[0], *PLAN[2:]], 1) == f'about 1 min and {unknown}'
    times.add(PLAN[2], 60)
    times.add(PLAN[3], 120)
    assert times.left(PLAN[2:], 1) == 'about 4 min left'  # 3 x 90 s
    assert times.left(PLAN[2:], 3) == 'about 2 min left'
    assert times.left([], 2).startswith('done after 0.0 min')


def test_only_one_works_in_a_folder(tmp_path):
    again = pytest.raises(ConfigError, match='another run works in .*study')
    with only_one(tmp_path / 'study'), again, only_one(tmp_path / 'study'):
        pass
    with only_one(tmp_path / 'study'):
        pass
