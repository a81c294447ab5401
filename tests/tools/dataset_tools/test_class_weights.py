import sys

import pytest
from class_weights import main

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
    with pytest.raises(DataError, match=r"names 1 images that .*masks lacks, such as \['z'\]"):
        run('--list', 'splits/few.txt')
