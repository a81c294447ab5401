import pytest

from glcnet_plugin.datasets.vector.drawn_folder import begin_folder, end_folder
from glcnet_plugin.errors import DataError


def test_classes_made_by_hand_are_kept(tmp_path):
    """They were replaced where there was no manifest.csv."""
    (tmp_path / 'classes.json').write_text('{}')
    with pytest.raises(DataError, match=r'classes\.json is there, and was made in another way'):
        begin_folder(tmp_path, ['a'], force=False)
    assert [path.name for path in tmp_path.iterdir()] == ['classes.json']
    begin_folder(tmp_path, ['a'], force=True)


def test_a_killed_run_knows_its_masks_but_no_others(tmp_path):
    begin_folder(tmp_path, ['a', 'b'], force=False)
    (tmp_path / 'masks').mkdir()
    for name in ('masks/a.tif', 'masks/c.tif', 'classes.json'):
        (tmp_path / name).write_text('')
    with pytest.raises(DataError, match=r'masks/c\.tif is there'):
        begin_folder(tmp_path, ['a', 'c'], force=False)
    assert (tmp_path / 'masks/a.tif').exists()
    begin_folder(tmp_path, ['a'], force=False)
    assert [path.name for path in (tmp_path / 'masks').iterdir()] == ['c.tif']
    end_folder(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ['classes.json', 'masks']
