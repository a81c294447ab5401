import pandas as pd
import pytest

from glcnet_plugin.datasets.vector.class_column import class_ids, class_names
from glcnet_plugin.errors import DataError


def test_names_are_texts_without_blanks_around_them():
    assert class_names(pd.Series([' road', 'field ', None, '']), 'x').tolist() == [
        'road', 'field', '', ''
    ]  # fmt: skip


@pytest.mark.parametrize(
    'values', [[3, 10, 2], [3.0, 10.0, 2.0], pd.array([3, 10, 2], 'Int64')], ids=str
)
def test_whole_numbers_are_names_in_their_order(values):
    names = class_names(pd.Series(values), 'x')
    classes, ids = class_ids(names, None, 'x')
    assert classes == ['2', '3', '10'] and ids.tolist() == [1, 2, 0]


@pytest.mark.parametrize('values', [[1.0, None], pd.array([1, None], 'Int64')], ids=str)
def test_numbers_may_be_missing(values):
    assert class_names(pd.Series(values), 'x').tolist() == ['1', '']


def test_fractions_are_no_class():
    values = pd.Series([1.0, 0.5], index=[7, 8], name='share')
    with pytest.raises(DataError, match="x: column 'share' of feature 8 holds 0.5"):
        class_names(values, 'x')


def test_names_are_sorted_where_none_are_listed():
    classes, ids = class_ids(pd.Series(['b', 'a', 'b']), None, 'x')
    assert classes == ['a', 'b'] and ids.tolist() == [1, 0, 1] and ids.dtype == 'uint8'


def test_listed_names_give_the_order():
    classes, ids = class_ids(pd.Series(['b', 'a']), ['c', 'b', 'a'], 'x')
    assert classes == ['c', 'b', 'a'] and ids.tolist() == [1, 2]


def test_names_that_are_not_listed_are_counted():
    names = pd.Series(['a', 'raod', 'raod', 'b'], index=[1, 4, 6, 8])
    with pytest.raises(
        DataError, match=r"2 features \(the first: \[4, 6\]\) .* \['a', 'b'\]: 'raod' \(2\)"
    ):
        class_ids(names, ['a', 'b'], 'x')


@pytest.mark.parametrize('listed', [['a', 'a '], ['a', '']])
def test_listed_names_are_told_apart(listed):
    with pytest.raises(DataError, match='must have names of their own'):
        class_ids(pd.Series(['a']), listed, 'x')


def test_255_classes_at_most():
    names = pd.Series([f'n{i}' for i in range(256)])
    assert len(class_ids(names[:255], None, 'x')[0]) == 255
    with pytest.raises(DataError, match='x has 256 classes, at most 255'):
        class_ids(names, None, 'x')


@pytest.mark.parametrize('name', ['--1', '-', '1-2'])
def test_names_like_numbers_are_names(name):
    """They ended in a ValueError."""
    classes, ids = class_ids(pd.Series(['10', '2', name]), None, 'x')
    assert classes == sorted(['10', '2', name]) and sorted(ids) == [0, 1, 2]
    assert class_ids(pd.Series(['10', '2', '-1']), None, 'x')[0] == ['-1', '2', '10']
