"""Permutations for jigsaw puzzles that differ from each other as much as possible."""

from functools import cache
from itertools import permutations
from math import factorial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.errors import ConfigError


@cache
def spread_permutations(count: int, cells: int) -> NDArray[np.int64]:
    """Choose permutations one by one, each as far as possible from those before.

    The distance of two permutations is the number of places where they differ (Hamming).
    Each next one has the largest smallest distance to those chosen, among such the largest
    mean distance, and among such it comes first in the alphabet; the identity starts
    (Noroozi and Favaro, ECCV 2016, algorithm 1, which starts at random).

    Args:
        count: Number of permutations.
        cells: Number of things to permute; all ``cells!`` are compared, so 9 is about the
            most.

    Returns:
        (count, cells), read-only; row by row a permutation of 0, 1, ..., cells - 1.

    Raises:
        ConfigError: If there are fewer permutations than that, or fewer than two are wanted.
    """
    most = factorial(cells)
    if not 2 <= count <= most:
        raise ConfigError(f'permutations of {cells} tiles: 2 to {most} exist, got {count}')
    columns = np.array(list(permutations(range(cells))), np.uint8).T.copy()  # (cells, cells!)
    smallest = np.full(most, cells, np.int32)
    total = np.zeros(most, np.int32)
    chosen = [0]
    while len(chosen) < count:
        distance = np.zeros(most, np.uint8)
        for column in columns:
            distance += column != column[chosen[-1]]
        np.minimum(smallest, distance, out=smallest)
        total += distance
        # the smallest distance counts first; for one that is taken it is 0, for others not
        chosen.append(int(np.argmax(smallest * (cells * count + 1) + total)))
    result = columns[:, chosen].T.astype(np.int64)
    result.flags.writeable = False
    return result


def read_permutations(path: str | Path, cells: int) -> NDArray[np.int64]:
    """Read permutations from a file.

    Args:
        path: ``.npy`` file, or text with one permutation per line, numbers separated by
            spaces.
        cells: Number of things that each permutes.

    Returns:
        (count, cells).

    Raises:
        ConfigError: If the file cannot be read, or its lines are no permutations of
            0, 1, ..., cells - 1, or one is there twice.
    """
    try:
        rows = np.load(path) if Path(path).suffix == '.npy' else np.loadtxt(path, ndmin=2)
    except (OSError, ValueError) as error:
        raise ConfigError(
            f'permutations: cannot read {path} ({error}): give a number, a .npy file, or a '
            'text file with one permutation per line'
        ) from error
    if rows.ndim != 2 or rows.shape[1] != cells:
        raise ConfigError(f'{path} holds {rows.shape}, expected (count, {cells}): one per line')
    for number, row in enumerate(rows, 1):
        if sorted(row) != list(range(cells)):
            raise ConfigError(
                f'{path}, permutation {number}: {row.tolist()} does not hold each of '
                f'0..{cells - 1} once'
            )
    different = len(np.unique(rows, axis=0))
    if different < max(2, len(rows)):
        raise ConfigError(
            f'{path} holds {len(rows)} permutations, {different} different ones: at least 2 are '
            'needed, each once'
        )
    return rows.astype(np.int64)
