import numpy as np
import pytest
from rasterio.transform import from_origin

from glcnet_plugin.datasets.analysis import split_source
from glcnet_plugin.datasets.analysis.split_source import divide, read_rows, read_source
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError


@pytest.fixture(autouse=True)
def _one_process(monkeypatch):
    """Headers of a few images are not worth processes."""
    monkeypatch.setattr(
        split_source, 'parallel_map', lambda function, items, *_: map(function, items)
    )


def manifest(folder, *lines):
    (folder / 'manifest.csv').write_text('\n'.join(lines) + '\n')


def test_groups_come_from_the_manifest(labelled_folder):
    rows, files, origin = read_rows(labelled_folder, None)
    assert [(row['name'], row['group']) for row in rows] == [('a1', 'A'), ('a2', 'A'), ('b1', 'B')]
    assert origin == 'column group'
    assert files['b1'] == labelled_folder / 'images/b1.png'
    assert read_source(labelled_folder, None, False).classes == ['red', 'green']


def test_sources_and_names_stand_for_groups(labelled_folder):
    manifest(labelled_folder, 'name,source,place', 'a1,S,P', 'a2,S,Q', 'b1,,P')

    def groups(column=None):
        return read_source(labelled_folder, column, False).group_of

    assert groups() == {'a1': 'S', 'a2': 'S', 'b1': 'b1'}
    assert groups('place') == {'a1': 'P', 'a2': 'Q', 'b1': 'P'}
    with pytest.raises(DataError, match="no column 'group' of groups among"):
        groups('group')
    (labelled_folder / 'manifest.csv').unlink()
    (labelled_folder / 'images/a1.png.aux.xml').write_text('of a viewer')
    assert groups() == {'a1': 'a1', 'a2': 'a2', 'b1': 'b1'}


def test_folders_that_do_not_fit(labelled_folder, tmp_path):
    manifest(labelled_folder, 'name', 'a1', 'z')
    with pytest.raises(DataError, match=r"lacks \['z'\]"):
        read_rows(labelled_folder, None)
    manifest(labelled_folder, 'name', 'a1', 'a1')
    with pytest.raises(DataError, match='more than once'):
        read_rows(labelled_folder, None)
    write_image(labelled_folder / 'images/a1', np.zeros((4, 4, 4), np.uint8))
    with pytest.raises(DataError, match=r'a1.png and .*a1.tif have one name'):
        read_rows(labelled_folder, None)
    with pytest.raises(DataError, match='there is no image in .*nowhere/images'):
        read_rows(tmp_path / 'nowhere', None)


def test_extents_and_groups_are_united(tmp_path):
    (tmp_path / 'images').mkdir()
    places = {'a': 0, 'b': 10, 'c': 19, 'd': 40, 'e': 60}  # 10 m wide: b and c overlap
    for name, left in places.items():
        place = dict(crs='EPSG:32633', transform=from_origin(left, 10, 1, 1))
        image = np.zeros((10, 10, 4), np.uint8)
        write_image(tmp_path / 'images' / name, image, **(place if name != 'e' else {}))
    manifest(tmp_path, 'name,group', 'a,1', 'b,2', 'c,3', 'd,3', 'e,1')
    assert read_source(tmp_path, None, False).infos == {}
    source = read_source(tmp_path, None, True)
    assert source.group_of == {'a': '1', 'b': '2', 'c': '2', 'd': '2', 'e': '1'}
    assert set(source.infos) == {'a', 'b', 'c', 'd'} and source.classes == []
    # group 3 is part of group 2 now, and still goes by its name
    assert divide(source, val_groups=['3']) == (['a', 'e'], ['b', 'c', 'd'])


def test_divide(labelled_folder):
    source = read_source(labelled_folder, None, False)
    assert divide(source, val_groups=['A']) == (['b1'], ['a1', 'a2'])
    train, val = divide(source)
    assert sorted(train + val) == ['a1', 'a2', 'b1'] and ('b1' in val) != ('a1' in val)
    with pytest.raises(DataError, match=r"\['Z'\] are not among \['A', 'B'\]"):
        divide(source, val_groups=['Z'])
    with pytest.raises(DataError, match='0 images to train on, 3 to validate'):
        divide(source, val_groups=['A', 'B'])


def test_lists_are_taken_as_names_of_images(labelled_folder, tmp_path):
    source = read_source(labelled_folder, None, False)
    val, train = tmp_path / 'val.txt', tmp_path / 'train.txt'
    val.write_text('x/b1.tif\n')
    train.write_text('a2\n')
    assert divide(source, val_list=val) == (['a1', 'a2'], ['b1'])
    assert divide(source, val_list=val, train_list=train) == (['a2'], ['b1'])
    val.write_text('x/c1.tif\n')
    with pytest.raises(DataError, match=r"names 1 images that .* lacks.*\['x/c1.tif'\]"):
        divide(source, val_list=val)


def tiles_of(folder, names, header=None):
    """A folder of tiles of 8 px."""
    (folder / 'images').mkdir(parents=True)
    for index, name in enumerate(names):
        write_image(folder / 'images' / name, np.full((8, 8, 3), index, np.uint8))
    if header:
        manifest(folder, header, *(f'{name}, g{index // 2}' for index, name in enumerate(names)))
    return folder


@pytest.mark.parametrize('header', ['name, group', 'Name,Group', 'name ,GROUP '])
def test_headers_with_blanks_and_capitals_are_groups(tmp_path, header):
    rows, _, origin = read_rows(tiles_of(tmp_path / 'x', 'abcd', header))
    assert [row['group'] for row in rows] == ['g0', 'g0', 'g1', 'g1'] and origin == 'column group'
    assert read_rows(tmp_path / 'x', ' Group')[2] == 'column group'


def test_scenes_come_from_names_and_overlap_unites(tmp_path):
    folder = tiles_of(tmp_path / 'two', ['s_0_0', 's_0_8', 't_0_0', 't_0_8'])
    source = read_source(folder, None, False)
    assert source.group_of == {'s_0_0': 's', 's_0_8': 's', 't_0_0': 't', 't_0_8': 't'}
    assert source.grouped_by == 'scenes in the names'
    # of one scene, tiles can be divided as long as they do not overlap
    source = read_source(tiles_of(tmp_path / 'one', ['s_0_0', 's_0_4', 's_0_8', 's_0_24']), None,
                         False)  # fmt: skip
    assert len({source.group_of[n] for n in ('s_0_0', 's_0_4', 's_0_8')}) == 1
    assert source.group_of['s_0_24'] == 's_0_24' and source.grouped_by == ''
    assert source.tiles.keys() == source.group_of.keys()
