import json

import numpy as np
import pytest

from glcnet_plugin.datasets.analysis import class_weights
from glcnet_plugin.datasets.analysis.split_maker import (
    SplitSettings,
    describe,
    draw,
    make_split,
    write_lists,
)
from glcnet_plugin.datasets.analysis.split_source import Source
from glcnet_plugin.datasets.analysis.splits import budget
from glcnet_plugin.datasets.io.lists import read_list
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError


def test_one_percent_of_13824():
    source = Source([{'name': f'n{i}', 'group': f'g{i % 9}'} for i in range(13_824)])
    lists = draw(source, [row['name'] for row in source.rows])
    assert len(lists['train_1pct_seed0']) == 138 == budget('1%', 13_824)[1]
    assert len(lists['train_1pct_seed0_unlabelled']) == 13_824 - 138


def test_draws_by_class_see_the_counts_of_their_tiles():
    # of 40 tiles, the last 4 in the pool have next to no labels and are drawn last
    names = [f'n{i:02d}' for i in range(40)]
    source = Source([{'name': name, 'group': name} for name in names])
    source.counts = {name: np.array([900, 100]) // (1 if name < 'n36' else 90) for name in names}
    lists = draw(source, names, ['36'], stratify='class')
    assert sorted(lists['train_36tiles_seed0']) == names[:36]


def test_a_split_from_python(labelled_folder, monkeypatch):
    monkeypatch.setattr(
        class_weights, 'parallel_map', lambda function, items, *_: map(function, items)
    )
    made = make_split(SplitSettings(labelled_folder, val_groups=['B'], labelled=['1']))
    assert made.problems == [] and made.lists['val'] == ['b1']
    assert 'proven: 0 names' in made.lines()[0] and made.lines()[-1].startswith('4 lists in')
    settings = json.loads((labelled_folder / 'splits/split.json').read_text())['settings']
    assert settings['val_groups'] == ['B'] and settings['folder'] == labelled_folder.name
    assert read_list(labelled_folder / 'splits/train.txt') == ['a1', 'a2']


def test_parts_are_described():
    source = Source([{'name': n, 'group': n[0]} for n in ('a1', 'a2', 'b1')])
    assert describe({'train': ['a1', 'a2']}, source) == {'train': {'images': 2, 'groups': 1}}
    source.classes, source.counts = ['x', 'y'], {'b1': np.array([3, 1])}
    assert describe({'val': ['b1']}, source)['val']['class_shares'] == {'x': 0.75, 'y': 0.25}


def test_lists_are_written_whole_and_not_over_others(tmp_path):
    write_lists(tmp_path / 'out', {'val': ['a', 'b']}, force=False)
    assert (tmp_path / 'out/val.txt').read_bytes() == b'a\nb\n'
    assert [path.name for path in (tmp_path / 'out').iterdir()] == ['val.txt']
    with pytest.raises(DataError, match='val.txt exists and differs'):
        write_lists(tmp_path / 'out', {'val': ['a']}, force=False)


def test_tiles_of_different_colours_are_chosen(tmp_path):
    """Ten dark tiles, and two of other colours."""
    (tmp_path / 'images').mkdir()
    shades = {f'dark{i}': (10 + i, 10, 10) for i in range(10)} | {
        'green': (20, 200, 20), 'bright': (250, 250, 250),
    }  # fmt: skip
    for name, shade in shades.items():
        write_image(tmp_path / 'images' / name, np.full((4, 4, 3), shade, np.uint8))
    source = Source([{'name': name, 'group': name} for name in shades], tmp_path)
    lists = draw(source, list(shades), ['3'], stratify='spread')
    chosen = lists['train_3tiles_seed0']
    assert {'green', 'bright'} < set(chosen) and chosen[0].startswith('dark')
    assert len(lists['train_3tiles_seed0_unlabelled']) == 9
