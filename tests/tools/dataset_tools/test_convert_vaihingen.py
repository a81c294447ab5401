import sys

import numpy as np
from convert_vaihingen import main

from glcnet_plugin.datasets.tiling.folder_writer import write_image


def test_command_line(tmp_path, monkeypatch, capsys):
    for folder in ('top', 'gts_for_participants'):
        (tmp_path / folder).mkdir()
        for area in (1, 2, 10):
            path = tmp_path / folder / f'top_mosaic_09cm_area{area}'
            write_image(path, np.zeros((20, 20, 3), np.uint8), ['x'] * 3)
    command = ['x', str(tmp_path), str(tmp_path / 'out'), '--tile', '10', '--workers', '0']
    monkeypatch.setattr(sys, 'argv', command)
    main()
    assert '3 scenes, 12 tiles of 10 px in' in capsys.readouterr().out
