import json
import time
import warnings

import pytest
from data_tools import write_tiles
from suite import Suite, time_limit, waiting_lines
from training_step import Case


@pytest.fixture
def suite(tmp_path):
    return Suite(tmp_path / 'out.json', tmp_path / 'tiles/images', 1, 'cpu')


def test_a_failing_measurement_does_not_lose_the_others(suite):
    def fail():
        raise ValueError('no')

    suite.measure('a', 'first', lambda: {'ms': 1.0})
    suite.measure('a', 'second', fail)
    saved = json.loads(suite.out.read_text())
    assert saved['a']['first']['ms'] == 1
    assert saved['a']['second']['error'] == 'ValueError: no'
    assert saved['device'].startswith('cpu') and 'torch' in saved and 'cuda' in saved


def test_a_new_folder_is_made(tmp_path):
    suite = Suite(tmp_path / 'new folder/out.json', tmp_path, 1, 'cpu')
    suite.measure('a', 'first', lambda: {'ms': 1.0})
    assert json.loads(suite.out.read_text())['a']['first']['ms'] == 1


def test_what_would_begin_too_late_is_left_out(suite):
    suite.minutes = -1
    suite.measure('a', 'late', lambda: {'ms': 1.0})
    assert 'left out' in suite.figures['a']['late']['error']


@pytest.mark.slow
def test_a_batch_in_parts_is_one_step(suite, tmp_path):
    write_tiles(tmp_path / 'tiles', 2)
    suite.repeats = suite.warmup = 1
    case = Case('glcnet', 'r18w16', options={'optim_wrapper.accumulative_counts': 2})
    suite.step('steps', case, 'in parts', 2)
    row = suite.figures['steps']['glcnet fp32 in parts']
    assert row['batch'] == 4 and 0 < row['ms'] <= row['worst_ms']


def test_lines_that_wait_are_counted(monkeypatch):
    modes = []
    monkeypatch.setattr('torch.cuda.set_sync_debug_mode', modes.append)

    def step():
        for _ in range(2):
            warnings.warn('called a synchronizing CUDA operation', stacklevel=1)

    assert list(waiting_lines(step).values()) == [2]
    assert modes == ['warn', 'default']


def test_a_failing_step_leaves_the_mode_as_it_was(monkeypatch):
    modes = []
    monkeypatch.setattr('torch.cuda.set_sync_debug_mode', modes.append)
    with pytest.raises(ZeroDivisionError):
        waiting_lines(lambda: 1 / 0)
    assert modes[-1] == 'default'


def test_time_limit():
    with pytest.raises(TimeoutError, match=r'not done after 0\.05 s'), time_limit(0.05):
        time.sleep(5)
    with time_limit(0.05):
        pass
    time.sleep(0.1)  # no alarm is left
