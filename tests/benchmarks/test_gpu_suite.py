import json

import gpu_suite
import pytest
import torch
from suite import Suite


@pytest.mark.slow
def test_parts_run_small_without_cuda(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    out = tmp_path / 'out.json'
    monkeypatch.setattr('sys.argv', ['', '--out', str(out), '--parts', 'ceilings,profile,views'])
    threads = torch.get_num_threads()
    gpu_suite.main()
    torch.set_num_threads(threads)
    saved = json.loads(out.read_text())
    assert saved['ceilings']['copy']['gb_per_second'] > 0
    assert saved['profile']['glcnet fp32']['operators'] > 1000
    assert saved['views']['loader views']['views'] > 0
    printed = capsys.readouterr().out
    assert 'no CUDA device' in printed and 'gb_per_second' in printed


def test_unknown_parts_are_named(monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['', '--parts', 'speed'])
    with pytest.raises(SystemExit):
        gpu_suite.main()
    assert 'speed: choose from ceilings, methods' in capsys.readouterr().err


@pytest.fixture
def labels(tmp_path, monkeypatch):
    """What each part would time, without running it."""
    suite = Suite(tmp_path / 'out.json', tmp_path, 1, 'cpu')
    names = []
    monkeypatch.setattr(suite, 'measure', lambda part, name, function: names.append((part, name)))

    def run(*parts):
        for part in parts:
            part(suite)
        return names

    return run


def test_every_measurement_has_a_name_of_its_own(labels):
    names = labels(*gpu_suite.PARTS)
    assert len(set(names)) == len(names)
    assert {part for part, _ in names} == {part.__name__ for part in gpu_suite.PARTS}
    assert ('options', 'glcnet fp32 checkpointed backbone') in names


def test_the_table_has_a_line_per_measurement():
    figures = {'device': 'x', 'torch': '2', 'cuda': None, 'views': {'a': {'ms': 1.23456}}}
    assert gpu_suite.table(figures).splitlines()[1].split() == ['views', 'a', 'ms', '1.235']
