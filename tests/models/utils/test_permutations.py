import itertools

import numpy as np
import pytest

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.utils.permutations import read_permutations, spread_permutations


def slow_choice(count, cells):
    """The rule in plain loops."""
    everything = list(itertools.permutations(range(cells)))
    chosen = [everything[0]]
    while len(chosen) < count:
        best, best_key = None, None
        for candidate in everything:
            if candidate in chosen:
                continue
            apart = [sum(a != b for a, b in zip(candidate, c, strict=True)) for c in chosen]
            key = (min(apart), sum(apart) / len(apart))
            if best_key is None or key > best_key:
                best, best_key = candidate, key
        chosen.append(best)
    return np.array(chosen)


@pytest.mark.parametrize('count', [2, 4, 9, 24])
def test_against_plain_loops(count):
    np.testing.assert_array_equal(spread_permutations(count, 4), slow_choice(count, 4))


def test_against_plain_loops_with_five_cells():
    np.testing.assert_array_equal(spread_permutations(12, 5), slow_choice(12, 5))


def test_a_thousand_of_nine():
    rows = spread_permutations(1000, 9)
    assert rows.shape == (1000, 9) and (np.sort(rows) == np.arange(9)).all()
    apart = (rows[:, None] != rows).sum(-1)[~np.eye(1000, dtype=bool)]
    # random ones differ in 8 places on average, the closest pair in 2 or 3
    assert apart.min() >= 5 and apart.mean() > 8
    assert (rows[1] != rows[0]).all()  # there is one that moves every tile


def test_computed_once_and_read_only():
    rows = spread_permutations(5, 4)
    assert spread_permutations(5, 4) is rows
    with pytest.raises(ValueError, match='read-only'):
        rows[0, 0] = 1


@pytest.mark.parametrize('count', [1, 25])
def test_number_that_does_not_exist(count):
    with pytest.raises(ConfigError, match=f'4 tiles: 2 to 24 exist, got {count}'):
        spread_permutations(count, 4)


@pytest.mark.parametrize('suffix', ['txt', 'npy'])
def test_files(tmp_path, suffix):
    rows, path = [[0, 1, 2, 3], [3, 2, 1, 0]], tmp_path / f'rows.{suffix}'
    np.save(path, rows) if suffix == 'npy' else np.savetxt(path, rows, '%d')
    read = read_permutations(str(path), 4)
    assert read.tolist() == rows and read.dtype == np.int64


@pytest.mark.parametrize(
    ('text', 'message'),
    [
        ('0 1 2\n2 1 0', r'holds \(2, 3\), expected \(count, 4\)'),
        ('0 1 2 3\n0 1 2 2', r'permutation 2: \[0.*\] does not hold each of 0..3 once'),
        ('1 2 3 4\n4 3 2 1', r'permutation 1: .*does not hold each of 0..3 once'),
        ('0 1 2 3\n0 1 2 3', '2 permutations, 1 different ones'),
        ('0 1 2 3', '1 permutations, 1 different ones: at least 2'),
        ('0 1 two 3', 'cannot read .*one permutation per line'),
        ('', r'expected \(count, 4\)'),
    ],
)
@pytest.mark.filterwarnings('ignore:loadtxt')
def test_wrong_files(tmp_path, text, message):
    path = tmp_path / 'rows.txt'
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        read_permutations(path, 4)


def test_missing_file(tmp_path):
    with pytest.raises(ConfigError, match=r'cannot read .*none\.npy'):
        read_permutations(tmp_path / 'none.npy', 9)
