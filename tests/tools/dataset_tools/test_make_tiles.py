import sys

from make_tiles import main


def test_command_line(labelled_folder, tmp_path, monkeypatch, capsys):
    command = ['make_tiles.py', str(labelled_folder), str(tmp_path / 'out'), '--tile', '4']
    monkeypatch.setattr(sys, 'argv', command)
    main()
    assert capsys.readouterr().out.startswith('3 scenes, 12 tiles of 4 px in')
