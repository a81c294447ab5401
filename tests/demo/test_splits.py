import csv

import pytest
from splits import hold_out, make_splits

from glcnet_plugin.errors import DataError


def rows(sizes):
    return [
        {'name': f'{source}_{i}', 'source': source, 'group': source[0]}
        for source, count in sizes.items()
        for i in range(count)
    ]


@pytest.fixture
def folder(tmp_path):
    content = rows({'a1': 30, 'a2': 3, 'b1': 10, 'c1': 4, 'c2': 4})
    with (tmp_path / 'manifest.csv').open('w', newline='') as file:
        writer = csv.DictWriter(file, list(content[0]))
        writer.writeheader()
        writer.writerows(content)
    return tmp_path


GROUPS = {'a': 2, 'b': 1, 'c': 2}


def test_dubai_holds_out_the_groups_of_its_protocol():
    assert hold_out({'A': 18, 'B': 27, 'C': 9, 'D': 9, 'E': 9}) == ['D', 'E']


def test_one_group_is_always_left_to_train_on():
    assert hold_out({'A': 100, 'B': 1}) == ['B']
    with pytest.raises(DataError, match='two groups are needed'):
        hold_out({'A': 3})


def test_no_ground_on_both_sides_and_nested_budgets(folder):
    splits = make_splits(folder, GROUPS, budgets=(2, 8), seeds=(0, 1))
    assert splits.val_groups == ['c']
    assert all(name.startswith('c') for name in splits.val) and len(splits.val) == 8
    assert not any(name.startswith('c') for name in splits.train) and len(splits.train) == 43
    for seed in (0, 1):
        few, many = splits.labelled[2, seed], splits.labelled[8, seed]
        assert many[:2] == few and len(set(many)) == 8 and set(many) <= set(splits.train)
    assert splits.labelled[8, 0] != splits.labelled[8, 1]


def test_limits_and_chosen_groups(folder):
    splits = make_splits(folder, GROUPS, (2,), (0,), val_groups=['a'], max_train=5, max_val=4)
    assert splits.val_groups == ['a'] and len(splits.train) == 5 and len(splits.val) == 4


def test_budget_larger_than_the_pool_is_what_there_is(folder):
    splits = make_splits(folder, GROUPS, (2, 999), (0,))
    assert set(splits.labelled) == {(2, 0), (43, 0)}


def test_problems_are_named(folder):
    with pytest.raises(DataError, match=r"\['z'\] are not among \['a', 'b', 'c'\]"):
        make_splits(folder, GROUPS, (2,), (0,), val_groups=['z'])
    with pytest.raises(DataError, match='leaves no group'):
        make_splits(folder, GROUPS, (2,), (0,), val_groups=['a', 'b', 'c'])
