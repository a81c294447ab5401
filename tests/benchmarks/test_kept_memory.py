import kept_memory
import pytest
from data_tools import write_tiles
from kept_memory import measure_steps, take_turns
from training_step import Case


@pytest.mark.slow
def test_figures_of_a_step(tmp_path):
    write_tiles(tmp_path / 'tiles', 4)
    case = Case('glcnet', 'r18w16')
    found = measure_steps(case, tmp_path / 'tiles/images', 1, keep=False)
    assert found['processor_s'] >= found['system_s'] >= 0
    assert found['wall_s'] > 0 and found['page_faults'] >= 0 and found['peak_mib'] > 50


def test_processes_take_turns_and_ratios_are_of_pairs(monkeypatch):
    calls = []

    class Pool:
        def __init__(self, count):
            assert count == 1

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def apply(self, function, arguments):
            keep = arguments[-1]
            calls.append(keep)
            seconds = len(calls) * (1.0 if keep else 3.0)
            return {'wall_s': seconds, 'processor_s': 2 * seconds}

    monkeypatch.setattr(kept_memory, 'get_context', lambda kind: type('', (), {'Pool': Pool}))
    figures = take_turns(Case('glcnet', 'r18w16'), None, 1, 3)
    assert calls == [False, True] * 3
    assert figures['kept'] == {'wall_s': 4, 'processor_s': 8}
    assert figures['returned'] == {'wall_s': 9, 'processor_s': 18}
    assert figures['returned_over_kept'] == {'wall_s': 2.25, 'processor_s': 2.25}  # 9 / 4
