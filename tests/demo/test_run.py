"""The whole demo on tiny data, twice: the second run repeats nothing."""

import json
import subprocess
import sys

import networks
import pytest
import run


@pytest.fixture
def small(monkeypatch, scenes, tmp_path):
    monkeypatch.setattr(run, 'BUDGETS', (2, 4))
    monkeypatch.setattr(run, 'SEEDS', (0,))
    monkeypatch.setattr(run, 'PRETRAIN_STEPS', 2)
    monkeypatch.setattr(run, 'MOSAIC', 2)
    original = networks.Config.fromfile

    def tiny(path):
        cfg = original(path)
        cfg.train_dataloader.update(batch_size=2, num_workers=0, persistent_workers=False)
        if 'max_iters' in cfg.train_cfg:
            cfg.train_cfg.max_iters = 2
            # mmseg crops 120 px out of the 120 px tiles of this test
            cfg.train_dataloader.dataset.pipeline[2].crop_size = (64, 64)
        return cfg

    monkeypatch.setattr(networks.Config, 'fromfile', tiny)
    monkeypatch.setattr(run, 'make_tiles', lambda data, out: make_small_tiles(data, out))
    options = ['run.py', '--data', str(scenes), '--work-dir', str(tmp_path / 'work')]
    monkeypatch.setattr(sys, 'argv', options)
    return tmp_path / 'work'


def make_small_tiles(data, out):
    from make_tiles import make_tiles

    return make_tiles(data, out, tile=120)


def test_demo(small, capsys):
    run.main()
    first = capsys.readouterr().out
    results = json.loads((small / 'results.json').read_text())
    assert len(results['cells']) == 3 * 2 * 2  # kinds, initialisations, budgets
    assert results['facts']['val_groups'] == ['s002'] and 'fine-tune' in first
    assert '[1/9] make tiles' in first and '[9/9] report' in first
    html = (small / 'report.html').read_text()
    assert html.count('data:image/png;base64,') == 3

    stamps = {path: path.stat().st_mtime_ns for path in small.rglob('scores.json')}
    run.main()
    again = json.loads((small / 'results.json').read_text())
    assert again['cells'] == results['cells']
    assert stamps == {path: path.stat().st_mtime_ns for path in small.rglob('scores.json')}


def test_errors_end_the_demo_with_a_line(request):
    command = [sys.executable, 'demo/run.py', '--data', '/nowhere']
    done = subprocess.run(
        command, cwd=request.config.rootpath, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 1 and 'Traceback' not in done.stderr
    assert 'error: cannot read /nowhere/classes.json: /nowhere is not a folder' in done.stderr
