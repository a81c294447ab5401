import json
import operator
from functools import partial

import measure
import pytest


def test_median_and_uncounted_first_call():
    calls = []
    assert measure.median_seconds(lambda: calls.append(1), 3) >= 0
    assert len(calls) == 4


def test_peak_memory_sees_an_allocation_that_is_gone_afterwards():
    allocate = partial(operator.mul, b'x', 64 * 2**20)
    assert 60 * 2**20 < measure.peak_bytes(allocate) < 100 * 2**20


def test_a_failing_function_is_reported():
    with pytest.raises(RuntimeError, match='failed in its own process'):
        measure.peak_bytes(partial(operator.truediv, 1, 0))


def test_report_holds_the_machine_and_the_versions(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(measure, 'RESULTS', tmp_path / 'results')
    measure.report('x', {'times_faster': 3})
    saved = json.loads((tmp_path / 'results/x.json').read_text())
    assert saved['times_faster'] == 3 and {'machine', 'torch', 'python'} <= set(saved)
    assert json.loads(capsys.readouterr().out) == saved


def test_a_script_without_options_refuses_them(monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['views.py'])
    measure.no_options('Make views.')
    monkeypatch.setattr('sys.argv', ['views.py', '--threads', '4'])
    with pytest.raises(SystemExit):
        measure.no_options('Make views.')
    assert 'unrecognized arguments: --threads 4' in capsys.readouterr().err
