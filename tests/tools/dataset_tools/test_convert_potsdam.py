import sys

import numpy as np
from convert_potsdam import main

from glcnet_plugin.datasets.tiling.folder_writer import write_image


def test_command_line_and_number_of_tiles(tmp_path, monkeypatch, capsys):
    for name in ('2_10', '6_7'):
        for end, bands in (('RGBIR', 4), ('label_noBoundary', 3)):
            image = np.zeros((20, 20, bands), np.uint8)
            write_image(tmp_path / f'top_potsdam_{name}_{end}', image, ['x'] * bands)
    command = ['x', str(tmp_path), str(tmp_path / 'out'), '--tile', '10', '--bands', 'RGBIR']
    monkeypatch.setattr(sys, 'argv', [*command, '--labels', 'noBoundary', '--workers', '0'])
    main()
    assert '2 scenes, 8 tiles of 10 px in' in capsys.readouterr().out
