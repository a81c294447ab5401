import csv
import json

import numpy as np
import pytest
from PIL import Image

from glcnet_plugin.errors import DataError
from glcnet_plugin.study.settings import read_study
from glcnet_plugin.study.tiles import choose_tiles, last_groups, read_labels, write_lists


@pytest.fixture
def folder(tmp_path):
    """51 tiles of 5 images in 3 groups; only those of a1 show the second class."""
    sizes = {'a1': 30, 'a2': 3, 'b1': 10, 'c1': 4, 'c2': 4}
    rows = [
        {'name': f'{source}_{i}', 'source': source, 'group': source[0]}
        for source, count in sizes.items()
        for i in range(count)
    ]
    with (tmp_path / 'manifest.csv').open('w', newline='') as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    classes = [{'id': i, 'name': name, 'color': '#000000'} for i, name in enumerate('xy')]
    (tmp_path / 'classes.json').write_text(json.dumps({'classes': classes}))
    (tmp_path / 'masks').mkdir()
    for row in rows:
        mask = np.zeros((4, 4), np.uint8)
        mask[0] = row['source'] == 'a1'
        Image.fromarray(mask).save(tmp_path / 'masks' / f'{row["name"]}.png')
    return tmp_path


@pytest.fixture
def choose(study_file, folder):
    def choose(**options):
        options = {'data.root': str(folder), 'labels': ['2', '8']} | {
            key.replace('__', '.'): value for key, value in options.items()
        }
        return choose_tiles(read_study(study_file, options=options))

    return choose


def test_dubai_holds_out_the_groups_of_its_protocol():
    assert last_groups({'A': 18, 'B': 27, 'C': 9, 'D': 9, 'E': 9}) == ['D', 'E']


def test_images_of_one_name_in_two_groups_are_two(choose, folder):
    """The first group had no image, and could not be held out."""
    path = folder / 'manifest.csv'
    path.write_text(path.read_text().replace(',b1,', ',a1,').replace(',c1,', ',a1,'))
    assert choose().held_out == ['c'] and choose(data__held_out=['a']).held_out == ['a']
    path.write_text(path.read_text().replace(',c2,', ',a1,').replace(',a2,', ',a1,'))
    assert choose(data__held_out=['a']).held_out == ['a']


def test_one_group_is_always_left_to_train_on():
    assert last_groups({'A': 100, 'B': 1}) == ['B']
    with pytest.raises(DataError, match='two groups are needed'):
        last_groups({'A': 3})


def test_no_ground_on_both_sides_and_nested_budgets(choose):
    tiles = choose()
    assert tiles.held_out == ['c']  # 2 of 5 images, which tiles do not outvote
    assert all(name.startswith('c') for name in tiles.val) and len(tiles.val) == 8
    assert not any(name.startswith('c') for name in tiles.train) and len(tiles.train) == 43
    for seed in (0, 1):
        few, many = tiles.labelled[2, seed], tiles.labelled[8, seed]
        assert many[:2] == few and len(set(many)) == 8 and set(many) <= set(tiles.train)
    assert tiles.labelled[8, 0] != tiles.labelled[8, 1]


def test_shares_are_of_the_pool(choose):
    assert {count for count, _ in choose(labels=['10%', '100%']).labelled} == {4, 43}


def test_limits_and_chosen_groups(choose):
    tiles = choose(labels=['2'], data__held_out=['a'], data__max_train=5, data__max_val=4)
    assert tiles.held_out == ['a'] and len(tiles.train) == 5 == len(tiles.val) + 1


def test_a_list_without_some_class_is_named(choose):
    lacking = choose(labels=['1', '43']).warnings
    assert all('show no pixel of y: no method can learn it' in text for text in lacking)
    shown = {key: any(n.startswith('a1') for n in names)
             for key, names in choose(labels=['1', '43']).labelled.items()}  # fmt: skip
    assert len(lacking) == sum(not value for value in shown.values())
    assert choose(labels=['43']).warnings == []
    assert (
        choose(labels=['2'], data__held_out=['a'])
        .warnings[0]
        .startswith('the 2 labelled tiles of seed 0 show no pixel of y')
    )


def test_problems_are_named(choose):
    with pytest.raises(DataError, match=r"\['z'\] are not among \['a', 'b', 'c'\]"):
        choose(data__held_out=['z'])
    with pytest.raises(DataError, match='leaves no group'):
        choose(data__held_out=['a', 'b', 'c'])
    with pytest.raises(DataError, match="budget '999' is more than the 43 tiles"):
        choose(labels=['999'])


def test_held_out_tiles_must_not_be_pretrained_on(choose, tmp_path):
    other = tmp_path / 'other'
    other.mkdir()
    (other / 'b1_0.png').touch()
    choose(data__pretrain_root=str(other))
    (other / 'c1_0.png').touch()
    with pytest.raises(DataError, match=r"holds 1 of the held-out tiles, such as \['c1_0'\]"):
        choose(data__pretrain_root=str(other))


def test_a_held_out_tile_in_a_subfolder(choose, tmp_path):
    """Names were compared at the top level only."""
    (tmp_path / 'other/deep').mkdir(parents=True)
    (tmp_path / 'other/deep/c1_0.png').touch()
    with pytest.raises(DataError, match=r"holds 1 of the held-out tiles, such as \['c1_0'\]"):
        choose(data__pretrain_root=str(tmp_path / 'other'))


def test_what_was_compared_is_told(choose, tmp_path):
    assert 'was not checked by extents or pixels' in choose().separation
    (tmp_path / 'other').mkdir()
    (tmp_path / 'other/z.png').touch()
    text = choose(data__pretrain_root=str(tmp_path / 'other')).separation
    assert text.startswith('None of the 1 images of') and 'the 8 held-out tiles' in text


def test_a_single_class_is_refused(choose, folder):
    """Accuracy would be 100 %."""
    only = {'classes': [{'id': 0, 'name': 'house', 'color': '#000000'}]}
    (folder / 'classes.json').write_text(json.dumps(only))
    with pytest.raises(DataError, match='single class \'house\'.*"background"'):
        choose()


def test_probes_read_labels_as_training_does(folder):
    """Ids 1..N with 0 as nodata were probed as classes 0..N."""
    content = json.loads((folder / 'classes.json').read_text())
    (folder / 'classes.json').write_text(json.dumps(content | {'reduce_zero_label': True}))
    mask = np.array([[0, 1], [2, 255]], np.uint8)
    Image.fromarray(mask).save(folder / 'masks/a1_0.png')
    assert read_labels(str(folder), 'a1_0').tolist() == [[255, 0], [1, 255]]


def test_lists_are_written(choose, tmp_path):
    tiles = choose()
    write_lists(tiles, tmp_path / 'lists')
    lists = {path.stem: path for path in (tmp_path / 'lists').iterdir()}
    assert set(lists) == {'train', 'val', '2_0', '2_1', '8_0', '8_1'}
    assert lists['2_1'].read_text().split() == tiles.labelled[2, 1]
    stamp = lists['2_1'].stat().st_mtime_ns
    write_lists(tiles, tmp_path / 'lists')  # while others read
    assert lists['2_1'].stat().st_mtime_ns == stamp
    assert not list((tmp_path / 'lists').glob('*.part'))
