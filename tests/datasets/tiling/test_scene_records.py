import pytest

from glcnet_plugin.datasets.tiling.folder_writer import write_json
from glcnet_plugin.datasets.tiling.recipe import Scene
from glcnet_plugin.datasets.tiling.scene_records import (
    is_done,
    keep_settings,
    record_file,
    require_apart,
    stamps,
)
from glcnet_plugin.errors import DataError


def test_a_changed_file_is_not_done(tmp_path):
    for name in ('a.png', 'm.png'):
        (tmp_path / name).write_text('1')
    scene = Scene('a', 'a', str(tmp_path / 'a.png'), str(tmp_path / 'm.png'))
    assert not is_done(scene, tmp_path / 'out')
    write_json(record_file(tmp_path / 'out', 'a'), {'stamps': stamps(scene)})
    assert is_done(scene, tmp_path / 'out')
    (tmp_path / 'm.png').write_text('22')
    assert not is_done(scene, tmp_path / 'out')


def test_folders_of_another_tool_are_refused(tmp_path):
    """Their manifest and classes were replaced."""
    keep_settings(tmp_path / 'new', {'tile': 4})
    (tmp_path / 'new/manifest.csv').write_text('name\na\n')
    keep_settings(tmp_path / 'new', {'tile': 4})
    with pytest.raises(DataError, match='begun with tile = 4, now 5 is wanted'):
        keep_settings(tmp_path / 'new', {'tile': 5})
    (tmp_path / 'mine/masks').mkdir(parents=True)
    for name in ('masks/a.png', 'classes.json'):
        (tmp_path / 'mine' / name).write_text('{}')
        with pytest.raises(DataError, match=f'mine/{name} is there and not of this tool'):
            keep_settings(tmp_path / 'mine', {'tile': 4})
    assert sorted(p.name for p in (tmp_path / 'mine').iterdir()) == ['classes.json', 'masks']


def test_scenes_lie_apart_from_their_tiles(tmp_path):
    (tmp_path / 'images').mkdir()
    (tmp_path / 'link').symlink_to(tmp_path)
    scene = Scene('a', 'a', str(tmp_path / 'images/a.tif'), '/vsizip/{/b.zip}/m.png')
    require_apart([scene], tmp_path / 'out')
    with pytest.raises(DataError, match=r'images/a\.tif lies where .*link gets its tiles'):
        require_apart([scene], tmp_path / 'link')
