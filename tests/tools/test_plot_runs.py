import json
import sys

import plot_runs
import pytest
from PIL import Image


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, 'argv', ['plot_runs.py', *map(str, arguments)])
    plot_runs.main()


def test_a_picture_is_written(tmp_path, monkeypatch, capsys):
    log = tmp_path / 'run/2026/vis_data/scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text(json.dumps({'loss_local': 1.0, 'step': 1}) + '\n')
    run(monkeypatch, tmp_path / 'run', '--out', tmp_path / 'new/curves.png')
    assert Image.open(tmp_path / 'new/curves.png').size[0] == 1100
    assert capsys.readouterr().out.endswith('curves.png\n')


def test_mistakes_end_with_a_line(tmp_path, monkeypatch):
    with pytest.raises(SystemExit, match='error: .* holds no'):
        run(monkeypatch, tmp_path)
    with pytest.raises(SystemExit, match='error: 7 runs, at most 6 can be plotted'):
        run(monkeypatch, *[tmp_path] * 7)
