import numpy as np
import pytest

from glcnet_plugin.datasets.tiling.folder_writer import write_image, write_json
from glcnet_plugin.datasets.tiling.recipe import Scene
from glcnet_plugin.datasets.tiling.scene_records import (
    begin_record,
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


def test_files_that_are_read_along_count(tmp_path):
    """A new mask or nodata value beside an image, or another part of a .vrt, was not seen."""
    write_image(tmp_path / 'part', np.zeros((4, 4, 4), np.uint8))
    (tmp_path / 'a.vrt').write_text(
        '<VRTDataset rasterXSize="4" rasterYSize="4"><VRTRasterBand dataType="Byte" band="1">'
        '<SimpleSource><SourceFilename relativeToVRT="1">part.tif</SourceFilename></SimpleSource>'
        '</VRTRasterBand></VRTDataset>'
    )
    for name in ('part.tif', 'a.vrt'):
        scene = Scene('a', 'a', str(tmp_path / name))
        before = stamps(scene)
        (tmp_path / 'part.tif.aux.xml').write_text('<PAMDataset></PAMDataset>')
        assert stamps(scene) != before
        (tmp_path / 'part.tif.aux.xml').unlink()
        assert stamps(scene) == before
    write_image(tmp_path / 'part', np.zeros((5, 5, 4), np.uint8))
    assert stamps(scene) != before


def test_what_a_killed_cut_has_written_is_removed(tmp_path):
    begin_record(tmp_path, 'a', ['a_0', 'a_1'], ['a.tif.msk'])
    for name in ('images/a_0.png', 'images/a_1.tif', 'images/a.tif.msk', 'masks/a_0.png'):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('')
        (tmp_path / name).with_name('b.png').write_text('')
    begin_record(tmp_path, 'a', ['a_0'], [])
    assert sorted(p.name for p in tmp_path.glob('[im]*/*')) == ['b.png', 'b.png']
