import pytest

from glcnet_plugin.errors import DataError
from glcnet_plugin.utils.parallel import WAITING, parallel_map


def square(value):
    if value < 0:
        raise DataError(f'{value} is negative')
    return value * value


@pytest.mark.parametrize('workers', [0, 1, 2])
def test_results_come_in_order(workers):
    assert list(parallel_map(square, range(50), 50, workers=workers)) == [i * i for i in range(50)]


def test_items_are_taken_only_a_bounded_number_ahead():
    taken = []

    def items():
        for i in range(1000):
            taken.append(i)
            yield i

    results = parallel_map(square, items(), workers=2)
    assert [next(results) for _ in range(5)] == [0, 1, 4, 9, 16]
    assert len(taken) <= 2 * WAITING + 5
    results.close()


def test_errors_come_back_typed():
    with pytest.raises(DataError, match='-1 is negative'):
        list(parallel_map(square, [1, -1, 2], workers=2))
