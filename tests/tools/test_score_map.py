import json
import sys

import numpy as np
import pytest
import score_map
from drawn import rectangle, write_drawn, write_raster


@pytest.fixture
def command(tmp_path, monkeypatch):
    ids = np.zeros((16, 16), np.uint8)
    ids[:, 8:] = 1
    path = write_raster(tmp_path / 'a_map.tif', ids)

    def command(*words):
        line = ['score_map.py', path, '--classes', 'road,field', *words]
        monkeypatch.setattr(sys, 'argv', [str(word) for word in line])
        score_map.main()

    return command


def test_polygons(command, tmp_path, capsys):
    labels = write_drawn(
        tmp_path / 'drawn.gpkg',
        [('road', rectangle(0, 2, 4, 4)), ('field', rectangle(0, 6, 4, 4))],
        column='kind',
    )
    command('--labels', labels, '--column', 'kind')
    printed = capsys.readouterr().out
    assert 'OA 75.00' in printed and '32 labelled pixels' in printed
    content = json.loads((tmp_path / 'a_map_scores/scores.json').read_text())
    assert content['confusion_matrix'] == [[16, 0], [8, 8]]
    command('--labels', labels, '--column', 'kind', '--erode', '1', '--out', tmp_path / 'scores')
    assert '20 labelled pixels near boundaries do not count' in capsys.readouterr().out
    content = json.loads((tmp_path / 'scores/scores.json').read_text())
    # 3 rows of 2 columns are left of each; the fields begin at column 6, those of the map at 8
    assert content['confusion_matrix'] == [[6, 0], [3, 3]]
    assert (tmp_path / 'scores/scores.csv').exists()


def test_a_raster_and_gaps(command, tmp_path, capsys):
    truth = np.ones((16, 16), np.uint8)
    command('--labels', write_raster(tmp_path / 'labels.tif', truth))
    assert 'OA 50.00' in capsys.readouterr().out
