"""Which groups are held out, and in which order tiles get labels.

The draws return all candidates in an order of which every prefix is a draw, so that a larger
budget contains the smaller ones.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.datasets.io.places import offset_of
from glcnet_plugin.errors import ConfigError, DataError

CANDIDATES = 256  # tiles compared for each choice of order_by_class, at most
SPARSE = 0.5  # of the mean number of labelled pixels
HELD_OUT_SHARE = 0.2  # of the images, in last_groups
Rows = Sequence[Mapping[str, str]]


def hold_out_groups(groups: Collection[str], share: float, seed: int) -> list[str]:
    """Draw groups to hold out.

    Args:
        groups: Their names, such as a dict with the number of images of each.
        share: Share of the groups, rounded to whole ones: at least one, never all.
        seed: Seed of the draw; the order of ``groups`` does not matter.

    Returns:
        Names of the groups, sorted.

    Raises:
        ConfigError: If the share is not between 0 and 1.
        DataError: If there are not two groups.
    """
    if not 0 < share < 1:
        raise ConfigError(f'share to hold out {share}: give a number between 0 and 1, such as 0.2')
    _require_two(groups)
    names = sorted(groups)
    count = min(max(round(share * len(names)), 1), len(names) - 1)
    chosen = np.random.default_rng(seed).choice(len(names), count, replace=False)
    return sorted(names[index] for index in chosen)


def last_groups(groups: Mapping[str, int]) -> list[str]:
    """Choose groups to hold out: the last by name that make up a fifth of the images.

    Args:
        groups: Number of images per group.

    Returns:
        Names of the groups, sorted.

    Raises:
        DataError: If there are not two groups.
    """
    _require_two(groups)
    held: list[str] = []
    total = sum(groups.values())
    for name in sorted(groups, reverse=True)[: len(groups) - 1]:
        held.append(name)
        if sum(groups[name] for name in held) >= HELD_OUT_SHARE * total:
            break
    return sorted(held)


def _require_two(groups: Collection[str]) -> None:
    """Raise DataError if there are not two groups."""
    if len(groups) < 2:
        raise DataError(
            f'all images are in the group {list(groups)}: two groups are needed, one of them '
            'held out (the column "group" of manifest.csv)'
        )


def order_random(rows: Rows, rng: np.random.Generator) -> list[str]:
    """Order tiles so that every tile has the same chance.

    Args:
        rows: Manifest rows of the candidates.
        rng: Source of randomness.

    Returns:
        All names in random order.
    """
    return [rows[index]['name'] for index in rng.permutation(len(rows))]


def order_by_scene(rows: Rows, rng: np.random.Generator) -> list[str]:
    """Order tiles so that every source image has the same chance.

    Args:
        rows: Manifest rows of the candidates, with ``source`` where they were cut from larger
            images; else the ``group`` stands for it. Where a source has one place (y, x) in two
            groups, images of two groups have its name: each is one of its own.
        rng: Source of randomness.

    Returns:
        All names in random order; every image gives a first tile before one gives a second.
    """
    several = _names_of_several(rows)
    piles = defaultdict(list)
    for row in rows:
        image = row.get('source') or row.get('group') or row['name']
        piles[image, row.get('group') if image in several else None].append(row['name'])
    ranked: list[tuple[int, str]] = []
    for pile in piles.values():
        ranked += list(enumerate(rng.permutation(pile)))
    order = sorted(ranked, key=lambda item: (item[0], rng.random()))
    return [str(name) for _, name in order]


def _names_of_several(rows: Rows) -> set[str]:
    """Sources with a place that is in two groups; blocks of one image have no place in common."""
    groups = defaultdict(set)
    for row in rows:
        if place := offset_of(row):
            groups[place].add(row.get('group', ''))
    return {place.scene for place, names in groups.items() if len(names) > 1}


def order_by_class(rows: Rows, counts: NDArray[Any], rng: np.random.Generator) -> list[str]:
    """Order tiles so that every prefix has nearly the class shares of all of them.

    Greedy: the next tile is, among up to 256 random ones that are left, the one with which
    the pixels of all chosen tiles come nearest to the class shares of the pool (sum of absolute
    differences). No more than an eighth of those left (or 8) are compared: in a small pool,
    seeds would else all draw the same tiles. Tiles with less than half of the mean number of
    labelled pixels follow after all others: they hardly change the shares, would often be
    nearest, and waste the budget.

    Args:
        rows: Manifest rows of the candidates.
        counts: (N, classes) pixels of each class in each candidate.
        rng: Source of randomness.

    Returns:
        All names in that order.

    Raises:
        ConfigError: If rows and counts differ in number.
    """
    counts = np.asarray(counts, np.float64)
    if len(rows) != len(counts):
        raise ConfigError(f'{len(rows)} tiles, but class counts of {len(counts)}: give one each')
    sizes = counts.sum(axis=1)
    target = counts.sum(axis=0) / max(sizes.sum(), 1)
    sparse = sizes < SPARSE * sizes.mean()
    chosen: list[str] = []
    total = np.zeros(counts.shape[1])
    for part in (~sparse, sparse):
        left = rng.permutation(np.flatnonzero(part))
        for size in range(len(left), 0, -1):
            few = min(CANDIDATES, max(size // 8, 8))
            places = rng.integers(size, size=few) if size > few else np.arange(size)
            sums = total + counts[left[places]]
            shares = sums / np.maximum(sums.sum(axis=1, keepdims=True), 1)
            place = places[np.abs(shares - target).sum(axis=1).argmin()]
            total += counts[left[place]]
            chosen.append(rows[left[place]]['name'])
            left[place] = left[size - 1]
    return chosen


def budget(text: str, total: int) -> tuple[str, int]:
    """Read a budget of labelled tiles.

    Args:
        text: A share (``'0.01'`` or ``'1%'``; at least one tile), or a number of tiles
            (``'16'``).
        total: Number of tiles to draw from.

    Returns:
        A label for file names (``'1pct'``, ``'16tiles'``) and the number of tiles.

    Raises:
        ConfigError: If the text is neither.
        DataError: If there are not as many tiles.
    """
    wrong = ConfigError(
        f'budget {text!r}: give a share between 0 and 1 (0.01), percent (1%) or a whole number '
        'of tiles (16)'
    )
    try:
        if not text.endswith('%') and '.' not in text:
            count = int(text)
            share = None
        else:
            share = float(text[:-1]) / 100 if text.endswith('%') else float(text)
            count = max(round(share * total), 1)
    except (ValueError, OverflowError) as error:
        raise wrong from error
    most = 1.0 if '%' in text else 0.999  # 100% is a share, 1.0 could be one tile as well
    if count < 1 or (share is not None and not 0 < share <= most):
        raise wrong
    if count > total:
        raise DataError(f'budget {text!r} is more than the {total} tiles there are to draw from')
    return f'{count}tiles' if share is None else f'{share * 100:g}pct', count
