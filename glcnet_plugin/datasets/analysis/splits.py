"""Which images are held out, which are labelled, and the proof that no ground is in both.

The draws return all candidates in an order of which every prefix is a draw, so that a larger
budget contains the smaller ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.datasets.analysis.geo_overlap import overlapping_pairs
from glcnet_plugin.errors import ConfigError, DataError

if TYPE_CHECKING:  # its module needs the hosts, this one does not
    from glcnet_plugin.datasets.io.images import ImageInfo

CANDIDATES = 256  # tiles compared for each choice of order_by_class, at most
SPARSE = 0.5  # of the mean number of labelled pixels
MAX_LISTED = 10  # names in a message
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
    if len(groups) < 2:
        raise DataError(
            f'all images are in the group {list(groups)}: two groups are needed, one of them '
            'held out (a column of manifest.csv)'
        )
    names = sorted(groups)
    count = min(max(round(share * len(names)), 1), len(names) - 1)
    chosen = np.random.default_rng(seed).choice(len(names), count, replace=False)
    return sorted(names[index] for index in chosen)


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
            images; else the ``group`` stands for it.
        rng: Source of randomness.

    Returns:
        All names in random order; every image gives a first tile before one gives a second.
    """
    piles = defaultdict(list)
    for row in rows:
        piles[row.get('source') or row.get('group') or row['name']].append(row['name'])
    ranked: list[tuple[int, str]] = []
    for pile in piles.values():
        ranked += list(enumerate(rng.permutation(pile)))
    order = sorted(ranked, key=lambda item: (item[0], rng.random()))
    return [str(name) for _, name in order]


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


@dataclass(frozen=True)
class Split:
    """Names of the images of each part."""

    labelled: Sequence[str]
    unlabelled: Sequence[str]
    val: Sequence[str]

    @property
    def train(self) -> list[str]:
        """All images that training may see."""
        return [*self.labelled, *self.unlabelled]


def check_split(
    split: Split, group_of: Mapping[str, str], extents: Mapping[str, ImageInfo] | None = None
) -> list[str]:
    """Prove that training and validation share nothing.

    Args:
        split: The parts.
        group_of: Group of each image; an image that is missing here is a group of its own.
        extents: Headers of the images, to compare their georeferenced extents.

    Returns:
        What is wrong: names, groups or overlapping extents in both training and validation,
        names that are both labelled and unlabelled. Empty if the split is proven.
    """
    train, val = set(split.train), set(split.val)
    groups = [{group_of.get(name, name) for name in part} for part in (train, val)]
    problems = [
        _shared('names', train & val),
        _shared('groups', groups[0] & groups[1]),
    ]
    if extents:
        first, second = ([name for name in part if name in extents] for part in (train, val))
        pairs = overlapping_pairs([extents[n] for n in first], [extents[n] for n in second])
        both = {f'{first[i]} and {second[j]}' for i, j in pairs.tolist()}
        problems.append(_shared('overlapping extents', both))
    problems.append(
        _shared('names', set(split.labelled) & set(split.unlabelled), 'labelled and unlabelled')
    )
    return [problem for problem in problems if problem]


def _shared(kind: str, what: Collection[str], parts: str = 'training and validation') -> str:
    """Say what is in two parts; empty if nothing is."""
    more = f' and {len(what) - MAX_LISTED} more' if len(what) > MAX_LISTED else ''
    return f'{len(what)} {kind} in both {parts}: {sorted(what)[:MAX_LISTED]}{more}' if what else ''
