import sys

import cv2
import numpy as np
from convert_dubai import main


def test_command_line(tmp_path, monkeypatch, capsys):
    for part, suffix in (('images', 'jpg'), ('masks', 'png')):
        (tmp_path / 'Tile 1' / part).mkdir(parents=True)
        path = tmp_path / 'Tile 1' / part / f'image_part_001.{suffix}'
        cv2.imwrite(str(path), np.zeros((16, 18, 3), np.uint8))
    command = ['x', str(tmp_path), str(tmp_path / 'out'), '--tile', '16', '--workers', '0']
    monkeypatch.setattr(sys, 'argv', command)
    main()
    assert '1 scenes, 2 tiles of 16 px in' in capsys.readouterr().out
