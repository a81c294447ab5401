import json

import numpy as np
import pytest
from pictures import curves_picture, mosaic_picture, read_curves, regions_picture


@pytest.fixture
def names(scenes):
    return sorted(path.stem for path in (scenes / 'images').iterdir())[:2]


def test_regions(scenes, names):
    figure = regions_picture(scenes, names)
    assert len(figure.axes) == 4 and all(len(axis.patches) == 4 for axis in figure.axes)


def test_curves_undo_the_branch_weights(tmp_path):
    folder = tmp_path / '2026/vis_data'
    folder.mkdir(parents=True)
    row = {'step': 7, 'loss_style': 1.5, 'chance_style': 2, 'loss_local': 2, 'chance_local': 3}
    (folder / 'scalars.json').write_text(json.dumps(row) + '\n' + json.dumps({'lr': 1}) + '\n')
    rows = read_curves(tmp_path)
    assert rows == [row]
    style, local = curves_picture(rows).axes
    assert [line.get_ydata()[0] for line in style.lines] == [3.0, 4]
    assert [line.get_ydata()[0] for line in local.lines] == [4, 6]


def test_mosaic_has_a_row_per_prediction(scenes, names, tmp_path):
    for name in names:
        np.save(tmp_path / f'{name}.npy', np.ones((160, 160), np.uint8))
    palette = [(0, 0, 0), (9, 8, 7), *[(0, 0, 0)] * 4]
    figure = mosaic_picture(scenes, names, {'ours': tmp_path}, palette)
    assert len(figure.axes) == 3 * 2 and figure.axes[4].get_ylabel() == 'ours'
    assert figure.axes[4].images[0].get_array()[0, 0].tolist() == [9, 8, 7]
