import numpy as np

from glcnet_plugin.datasets.analysis.split_check import Split, check_lists, check_split
from glcnet_plugin.datasets.analysis.splits import hold_out_groups
from glcnet_plugin.datasets.io.images import ImageInfo


def test_a_clean_split_is_proven():
    group_of = {'a': 'A', 'b': 'A', 'c': 'C'}
    assert check_split(Split(['a'], ['b', 'z'], ['c', 'y']), group_of) == []
    assert Split(['a'], ['b'], []).train == ['a', 'b']


def test_everything_shared_is_named():
    group_of = {'a': 'A', 'b': 'B', 'c': 'B', 'd': 'D'}
    assert check_split(Split(['d'], ['b'], ['c']), group_of) == [
        "1 groups in both training and validation: ['B']"
    ]
    assert check_split(Split(['d'], ['b'], ['d']), group_of) == [
        "1 names in both training and validation: ['d']",
        "1 groups in both training and validation: ['D']",
    ]
    assert check_split(Split(['d', 'a'], ['d'], ['c']), group_of) == [
        "1 names in both labelled and unlabelled: ['d']"
    ]
    many = [f'n{i:02d}' for i in range(12)]
    assert check_split(Split(many, [], many), {})[0].endswith("'n09'] and 2 more")


def test_overlapping_extents_are_named():
    def info(left):
        return ImageInfo(8, 8, 3, 'uint8', crs='EPSG:32633', bounds=(left, 0, left + 10, 10))

    extents = {'a': info(0), 'b': info(10), 'c': info(19)}
    assert check_split(Split(['a'], ['x'], ['b', 'c']), {}, extents) == []
    assert check_split(Split(['a'], ['b'], ['c']), {}, extents) == [
        "1 overlapping extents in both training and validation: ['b and c']"
    ]


def test_no_group_is_divided_in_random_tables():
    rng = np.random.default_rng(0)
    for seed in range(50):
        group_of = {f'n{i}': f'g{g}' for i, g in enumerate(rng.integers(0, 9, 40))}
        groups = dict.fromkeys(group_of.values(), 1)
        held = set(hold_out_groups(groups, rng.uniform(0.05, 0.95), seed))
        val = [name for name, group in group_of.items() if group in held]
        train = [name for name in group_of if name not in val]
        assert train and val and check_split(Split(train[:3], train[3:], val), group_of) == []
        # one image on the other side is found
        moved = next((n for n in train if list(group_of.values()).count(group_of[n]) > 1), None)
        if moved:
            rest = [name for name in train if name != moved]
            assert check_split(Split(rest, [], [*val, moved]), group_of)


def test_every_draw_is_part_of_the_proof():
    groups = {name: name for name in 'abcd'}
    lists = {'train': ['a', 'b', 'c'], 'val': ['d'], 'train_1tiles_seed0': ['a'],
             'train_1tiles_seed0_unlabelled': ['b', 'c']}  # fmt: skip
    assert check_lists(lists, groups, {}) == []
    lists['train_1tiles_seed0'] = ['d']
    first, second, third = check_lists(lists, groups, {})
    assert first == "train_1tiles_seed0: 1 names in both training and validation: ['d']"
    assert 'groups' in second and 'do not make up train.txt' in third
    lists['train_1tiles_seed0'] = ['a', 'b']
    assert 'both labelled and unlabelled' in check_lists(lists, groups, {})[0]


def test_tiles_of_a_scene_that_overlap_are_a_problem():
    tiles = {name: ('s', 0, x, 8, 8) for name, x in (('a', 0), ('b', 8), ('c', 4))}
    assert check_split(Split([], ['a'], ['b']), {}, tiles=tiles) == []
    (problem,) = check_split(Split([], ['a'], ['b', 'c']), {}, tiles=tiles)
    assert problem.startswith("1 overlapping tiles in both training and validation: ['a and c']; ")
    assert 'hold out whole scenes' in problem
