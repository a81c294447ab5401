import sys

import pytest
from class_weights import listed, main, snippet

from glcnet_plugin.errors import DataError


@pytest.fixture
def run(labelled_folder, monkeypatch):
    def call(*args):
        monkeypatch.setattr(sys, 'argv', ['class_weights.py', str(labelled_folder), *args])
        main()

    return call


def config(text):
    scope = {}
    exec(text, scope)
    return scope['model']['decode_head']['loss_decode']['class_weight']


def test_weights_of_the_folder(run, tmp_path, capsys):
    run('--method', 'inverse', '--out', str(tmp_path / 'weights.py'))
    # each of 3 masks of 64 px: 31 red, 32 green, 1 ignored; 1 / (2 p)
    text = (tmp_path / 'weights.py').read_text()
    assert config(text) == pytest.approx([63 / 62, 63 / 64], abs=1e-3)
    printed = capsys.readouterr().out
    assert text in printed and 'from 3 tiles with 189 labelled pixels' in text
    assert '49.21 %' in printed and '96' in printed


def test_weights_of_a_list(run, labelled_folder, capsys):
    (labelled_folder / 'splits').mkdir()
    (labelled_folder / 'splits/few.txt').write_text('images/a2.tif\r\n')
    run('--list', 'splits/few.txt')
    assert 'from 1 tiles with 63 labelled pixels (splits/few.txt)' in capsys.readouterr().out
    (labelled_folder / 'splits/few.txt').write_text('z\n')
    with pytest.raises(DataError, match=r"lacks 1 masks, such as \['z.png'\]"):
        run('--list', 'splits/few.txt')


def test_listed(labelled_folder):
    assert listed(labelled_folder, None) == ['a1', 'a2', 'b1']
    (labelled_folder / 'manifest.csv').write_text('name\nb1\n')
    assert listed(labelled_folder, None) == ['b1']
    (labelled_folder / 'manifest.csv').unlink()
    assert listed(labelled_folder, None) == ['a1', 'a2', 'b1']


def test_snippets_of_many_classes_are_python_of_short_lines():
    weights = [0.1234567 * i for i in range(1, 30)]
    text = snippet(weights, 'origin')
    assert max(map(len, text.splitlines())) <= 100
    assert config(text) == pytest.approx(weights, rel=1e-3)
    assert snippet([1, 2], 'origin').count('\n') == 2
