import sys

import cv2
import numpy as np
from convert_deepglobe import main


def test_command_line(tmp_path, monkeypatch, capsys):
    for name in ('119', '2334'):
        for end in ('sat.jpg', 'mask.png'):
            cv2.imwrite(f'{tmp_path}/{name}_{end}', np.zeros((16, 18, 3), np.uint8))
    command = ['x', str(tmp_path), str(tmp_path / 'out'), '--tile', '0', '--workers', '0']
    monkeypatch.setattr(sys, 'argv', command)
    main()
    assert '2 scenes, 2 whole images in' in capsys.readouterr().out
    assert (tmp_path / 'out/images/119.jpg').is_file()
