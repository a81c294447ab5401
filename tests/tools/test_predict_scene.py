"""The command as a whole is run in test_fit_probe.py."""

from pathlib import Path

import numpy as np
import predict_scene
import pytest

from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError
from glcnet_plugin.inference.scene import SceneReport


def test_folders_and_files(tmp_path):
    for name in ('b', 'a'):
        write_image(tmp_path / name, np.zeros((4, 4, 3), np.uint8))
    scenes = predict_scene.scenes_of([str(tmp_path), '/vsicurl/https://example.org/x.tif'])
    assert [Path(scene).stem for scene in scenes] == ['a', 'b', 'x']


def test_scenes_of_one_name_would_overwrite_each_other(tmp_path):
    names = [str(tmp_path / 'a/x.tif'), str(tmp_path / 'b/x.tif')]
    with pytest.raises(DataError, match='a/x.tif and .*b/x.tif would have the same map'):
        predict_scene.scenes_of(names)
    assert predict_scene.scenes_of([names[0], names[0]]) == [names[0]] * 2


def test_what_was_predicted_as_text():
    report = SceneReport(Path('a_map.tif'), {'road': 25, 'field': 75}, 7, ['x is damaged'], ['y'])
    assert predict_scene.report_text(report).splitlines() == [
        'a_map.tif: road 25.0%, field 75.0%; 7 pixels without data',
        '  note: y',
        '  1 windows could not be read or predicted and are nodata, the first: x is damaged',
    ]


def test_a_checkpoint_alone_is_no_scene(monkeypatch, capsys):
    monkeypatch.setattr('sys.argv', ['predict_scene.py', 'x.pth', '--out', 'maps'])
    with pytest.raises(SystemExit, match='2'):
        predict_scene.main()
    assert 'give at least one scene before the checkpoint' in capsys.readouterr().err


def test_maps_do_not_replace_scenes(tmp_path):
    """A scene a_map.tif was replaced by the map of a.tif."""
    image = np.zeros((4, 4, 4), np.uint8)
    scenes = [str(write_image(tmp_path / name, image)) for name in ('a', 'a_map', 'b_confidence')]
    with pytest.raises(DataError, match=r'a_map\.tif is read, and .*a_map\.tif would be written'):
        predict_scene.require_kept(scenes, str(tmp_path), confidence=False)
    predict_scene.require_kept([scenes[0], scenes[2]], str(tmp_path), confidence=True)
    with pytest.raises(DataError, match='b_confidence'):
        scenes[1] = str(tmp_path / 'b.tif')
        predict_scene.require_kept(scenes, str(tmp_path), confidence=True)


@pytest.mark.parametrize('option', ['--window', '--batch-size'])
def test_empty_windows_are_refused(monkeypatch, capsys, option):
    """--window 0 was ignored."""
    given = ['predict_scene.py', 'a.tif', 'x.pth', '--out', 'maps', option, '0']
    monkeypatch.setattr('sys.argv', given)
    with pytest.raises(SystemExit, match='2'):
        predict_scene.main()
    assert f'argument {option}: 0 is less than 1' in capsys.readouterr().err
