import pytest

from glcnet_plugin.datasets.io.band_order import (
    BandOrder,
    chosen_names,
    out_of_order,
    shared_words,
)
from glcnet_plugin.errors import DataError


@pytest.mark.parametrize(
    ('first', 'second', 'differs'),
    [
        ('RGB', 'RGB', False),
        ('RGB', 'BGR', True),
        ('RGB', ('red', 'Green', 'blue '), False),
        (('red', 'green', 'blue'), 'BGR', True),
        ('RGB', 'RGN', True),  # the same words, another band
        ('RGB', 'RGBN', False),
        ('RGB', ('B04', 'B03', 'B02'), False),  # nobody knows
        ('RGB', (None, None, None), False),
        (('R', None, None), (None, 'R', None), True),
    ],
)
def test_the_same_words_in_another_order_differ(first, second, differs):
    assert out_of_order(first, second) is out_of_order(second, first) is differs


def test_chosen_names():
    assert chosen_names('RGBN', [3, 'R'], 4) == ('N', 'R')
    assert chosen_names((), None, 2) == chosen_names((), [5, 7], 2) == (None, None)
    assert shared_words('RGB', ('blue', None)) == {'blue'}


def test_files_are_compared_with_the_first_that_has_names():
    order = BandOrder()
    assert order.names is None
    order.check('a', 'RGB')
    assert order.names == ['R', 'G', 'B']
    order.check('b', (None,) * 3)
    assert order.names is None
    with pytest.raises(DataError, match=r'^c has the bands B, G, R, a has R, G, B: choose .*by na'):
        order.check('c', 'BGR')
