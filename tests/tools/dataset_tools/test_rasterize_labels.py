import sys

import rasterize_labels
from drawn import NORTH_UP, rectangle, write_drawn, write_scene
from rasterio import Affine

from glcnet_plugin.datasets.io.folder_format import read_classes


def test_command_line(tmp_path, monkeypatch, capsys):
    write_scene(tmp_path / 'raw/b.tif')
    shapes = [('road', rectangle(0, 0, 5, 10)), ('field', rectangle(4, 0, 4, 4)), (None, None)]
    labels = write_drawn(tmp_path / 'drawn.gpkg', shapes)
    command = ['rasterize_labels.py', labels, tmp_path / 'raw', '--out', tmp_path / 'out']
    command += ['--classes', 'road,field']
    monkeypatch.setattr(sys, 'argv', [str(word) for word in command])
    rasterize_labels.main()
    printed = capsys.readouterr().out
    rows = [line.split('│') for line in printed.splitlines() if '│' in line]
    # 46 pixels of (2 m / 0.9996)^2 are 184.1 m2
    assert [[cell.strip() for cell in row[1:-1]] for row in rows] == [
        ['0', 'road', '1', '46', '184', '0.02'], ['1', 'field', '1', '16', '64', '0.01']
    ]  # fmt: skip
    assert '4 pixels lie in features of several classes: the later one won' in printed
    assert 'note: 1 feature(s) (id 3)' in printed and '1 scenes with labels in' in printed
    assert read_classes(tmp_path / 'out')['classes'] == ['road', 'field']


def test_scenes_of_folders_and_lists(tmp_path):
    for name in ('a', 'b'):
        write_scene(tmp_path / f'raw/{name}.tif', transform=NORTH_UP @ Affine.translation(9, 0))
    (tmp_path / 'raw/a.txt').write_text('no image')
    (tmp_path / 'some.txt').write_text('raw/b.tif\n')
    paths = [str(tmp_path / f'raw/{name}.tif') for name in ('a', 'b')]
    assert rasterize_labels.scenes_of([str(tmp_path / 'raw')]) == paths
    assert rasterize_labels.scenes_of([str(tmp_path / 'some.txt'), paths[0]]) == paths[::-1]
