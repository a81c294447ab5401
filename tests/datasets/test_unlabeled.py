from pathlib import Path

import pytest

from glcnet_plugin.datasets.unlabeled import UnlabeledRSDataset, scene_name
from glcnet_plugin.errors import ConfigError, DataError


@pytest.fixture
def folder(tmp_path):
    for name in ('b.png', 'sub/deep/a.TIF', 'c.jpg', 'notes.txt'):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path


def names(dataset, folder):
    paths = [Path(dataset.get_data_info(i)['img_path']) for i in range(len(dataset))]
    return [str(path.relative_to(folder)) for path in paths]


def test_a_folder_is_searched_with_its_subfolders(folder):
    dataset = UnlabeledRSDataset(str(folder))
    assert names(dataset, folder) == ['b.png', 'c.jpg', 'sub/deep/a.TIF']
    assert set(dataset.get_data_info(0)) == {'img_path', 'sample_idx'}  # no label of any kind


def test_suffixes_select(folder):
    assert names(UnlabeledRSDataset(str(folder), suffixes=['.PNG']), folder) == ['b.png']


def test_a_list_keeps_its_order_and_may_leave_suffixes_out(folder, tmp_path):
    listing = folder / 'list.txt'
    listing.write_text(f'c\r\n\r\n  b.png \r\n{folder}/sub/deep/a.TIF\r\n')
    dataset = UnlabeledRSDataset(str(folder), ann_file='list.txt')
    assert names(dataset, folder) == ['c.jpg', 'b.png', 'sub/deep/a.TIF']


def test_indices_take_the_first_images(folder):
    assert len(UnlabeledRSDataset(str(folder), indices=2)) == 2


def test_missing_folder(tmp_path):
    with pytest.raises(DataError, match='no_such is not a folder: set it .*--data-root'):
        UnlabeledRSDataset(str(tmp_path / 'no_such'))


def test_empty_folder(tmp_path):
    with pytest.raises(DataError, match=rf'no image below {tmp_path} ends with .png, .jpg'):
        UnlabeledRSDataset(str(tmp_path))


def test_list_problems(folder):
    with pytest.raises(DataError, match=r'cannot read the image list .*gone.txt'):
        UnlabeledRSDataset(str(folder), ann_file='gone.txt')
    (folder / 'list.txt').write_text('\n\n')
    with pytest.raises(DataError, match=r'list.txt is empty'):
        UnlabeledRSDataset(str(folder), ann_file='list.txt')
    (folder / 'list.txt').write_text('b\nmissing\n')
    with pytest.raises(DataError, match=r'list.txt names .*missing, which does not exist'):
        UnlabeledRSDataset(str(folder), ann_file='list.txt')


def test_misspelt_key(folder):
    with pytest.raises(TypeError, match='sufixes'):
        UnlabeledRSDataset(str(folder), sufixes=['.png'])


def test_addresses_are_taken_as_they_are(folder):
    (folder / 'list.txt').write_text('/vsicurl/https://host/a.tif\nb.png\n')
    dataset = UnlabeledRSDataset(str(folder), ann_file='list.txt')
    assert dataset.get_data_info(0)['img_path'] == '/vsicurl/https://host/a.tif'


def test_lists_from_windows_and_suffixes_in_capitals(folder):
    (folder / 'list.txt').write_bytes(b'sub\\deep\\a.TIF\r\nc\r\n')
    dataset = UnlabeledRSDataset(str(folder), ann_file='list.txt')
    assert names(dataset, folder) == ['sub/deep/a.TIF', 'c.jpg']
    (folder / 'list.txt').write_text('sub/deep/a')
    assert names(UnlabeledRSDataset(str(folder), ann_file='list.txt'), folder) == ['sub/deep/a.TIF']
    (folder / 'list.txt').write_text('b\nb.png\n')
    with pytest.raises(DataError, match=r'b.png.* more than once'):
        UnlabeledRSDataset(str(folder), ann_file='list.txt')


def test_scenes_by_name(tmp_path):
    for name in ('b_0_0.png', 'a_1_0.png', 'b_0_1.png'):
        (tmp_path / name).touch()
    dataset = UnlabeledRSDataset(str(tmp_path), scene_pattern='(.+)_[0-9]+_[0-9]+')
    infos = [dataset.get_data_info(i) for i in range(3)]
    names, numbers = zip(*((Path(i['img_path']).name, i['scene']) for i in infos), strict=True)
    assert names == ('a_1_0.png', 'b_0_0.png', 'b_0_1.png')
    assert numbers[0] != numbers[1] == numbers[2]


def test_scenes_of_joined_datasets_keep_apart(tmp_path):
    for folder in ('north', 'south'):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / 'a_0_0.png').touch()
    first, second, again = (
        UnlabeledRSDataset(str(tmp_path / folder), scene_pattern='(.+)_[0-9]+_[0-9]+')
        for folder in ('north', 'south', 'north')
    )
    # numbers from 0 in each part made unrelated scenes exclude each other
    assert first.get_data_info(0)['scene'] != second.get_data_info(0)['scene']
    assert first.get_data_info(0)['scene'] == again.get_data_info(0)['scene'] < 2**63


def test_scene_of_an_address():
    assert scene_name('/vsizip/x.zip/tiles/north_3.tif', r'([a-z]+)_\d+') == 'north'


def test_scene_pattern_problems(folder):
    with pytest.raises(DataError, match=r"'\(x\)_.' does not match 'b'"):
        UnlabeledRSDataset(str(folder), scene_pattern='(x)_.').full_init()
    with pytest.raises(ConfigError, match='has no group: put the scene in brackets'):
        scene_name('a.png', '.*')
