import sys

import cv2
import numpy as np
from stack_bands import main


def test_command_line(labelled_folder, tmp_path, monkeypatch, capsys):
    (labelled_folder / 'nir').mkdir()
    for name in ('a1', 'a2', 'b1'):
        cv2.imwrite(str(labelled_folder / f'nir/{name}.png'), np.zeros((8, 8), np.uint8))
    command = ['x', str(labelled_folder), str(tmp_path / 'out'), '--folders', 'images', 'nir']
    monkeypatch.setattr(sys, 'argv', [*command, '--names', 'R', 'G', 'B', 'NIR'])
    main()
    assert '3 images of 4 bands in' in capsys.readouterr().out
