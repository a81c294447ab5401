import json

import pytest

from glcnet_plugin.errors import DataError
from glcnet_plugin.visualization.curves import draw_curves, read_curves


def write(folder, part, rows):
    path = folder / part / 'vis_data/scalars.json'
    path.parent.mkdir(parents=True)
    path.write_text(''.join(json.dumps(row) + '\n' for row in rows))


def test_parts_of_a_resumed_run_are_joined_and_the_last_word_counts(tmp_path):
    write(tmp_path, '20260101', [{'loss': 3.0, 'step': 1}, {'loss': 2.0, 'step': 2}])
    write(tmp_path, '20260102', [{'loss': 1.5, 'step': 2}, {'probe_mIoU': 0.3, 'step': 3}])
    curves = read_curves(tmp_path)
    assert curves['loss'] == ([1, 2], [3.0, 1.5]) and curves['probe_mIoU'] == ([3], [0.3])


def test_a_folder_without_a_log(tmp_path):
    with pytest.raises(DataError, match=f'{tmp_path} holds no .*give the work dir of a run'):
        read_curves(tmp_path)


def test_panels_hold_what_was_logged():
    one = {'loss_style': ([1, 2], [2.0, 1.0]), 'chance_style': ([1, 2], [2.5, 2.5])}
    other = {'loss_style': ([1], [2.2]), 'probe_Kappa': ([0, 5], [0.1, 0.2]), 'lr': ([1], [0.1])}
    figure = draw_curves({'a': one, 'b': other})
    panels = {axis.get_title(): axis for axis in figure.axes if axis.get_title()}
    assert list(panels) == ['loss', 'probe of frozen features']
    lines = panels['loss'].get_lines()
    assert [list(line.get_ydata()) for line in lines] == [[2.5, 2.5], [2.0, 1.0], [2.2]]
    assert lines[0].get_color() == lines[1].get_color() != lines[2].get_color()
    assert lines[1].get_linestyle() == lines[2].get_linestyle() != lines[0].get_linestyle()


def test_the_scale_of_amp_is_no_loss():
    figure = draw_curves({'a': {'loss_scale': ([1], [65536.0]), 'loss_style': ([1], [2.0])}})
    titles = [axis.get_title() for axis in figure.axes]
    assert titles == ['loss', 'scale of the loss under AMP']
    assert [len(axis.get_lines()) for axis in figure.axes] == [1, 1]


def test_panels_of_embedding_metrics():
    names = ('std', 'effective_rank', 'positive', 'hardest_negative', 'alignment')
    keys = [f'emb_{branch}_{name}' for branch in ('style', 'local') for name in names]
    figure = draw_curves({'a': {key: ([1], [0.5]) for key in keys}})
    panels = {axis.get_title(): len(axis.get_lines()) for axis in figure.axes if axis.get_title()}
    assert panels == {
        'std of embeddings: 1 is even, 0 a collapse': 2,
        'effective rank': 2,
        'similarity: style branch': 2,
        'similarity: local branch': 2,
    }


def test_nothing_to_draw():
    with pytest.raises(DataError, match='a, b: no losses, embedding metrics or probe'):
        draw_curves({'a': {'lr': ([1], [0.1])}, 'b': {}})
