import pytest
import rank_gradients
import torch

pytestmark = pytest.mark.slow

LIMIT = {torch.float64: 1e-5, torch.float32: 1e-4}


@pytest.mark.parametrize(
    ('ranks', 'dtype', 'uneven'), [(2, torch.float64, False), (3, torch.float64, True)]
)
def test_processes_equal_one_in_a_whole_network(ranks, dtype, uneven, forked):
    result = rank_gradients.compare(ranks, dtype, uneven)
    assert result['parameters'] > 60
    assert result['loss'] < LIMIT[dtype] and result['of_their_norm'] < LIMIT[dtype]


def test_images_of_all_processes_are_those_of_one():
    for uneven in (False, True):
        parts = [range(12)[rank_gradients.images_of(rank, uneven)] for rank in range(4)]
        numbers = [number for part in parts for number in part]
        assert numbers == list(range(len(numbers)))
        assert [len(part) for part in parts] == ([3, 2, 2, 2] if uneven else [3, 3, 3, 3])
