"""Proof that training and validation share no image, group or ground."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glcnet_plugin.datasets.analysis.geo_overlap import overlapping_pairs
from glcnet_plugin.datasets.analysis.tile_overlap import (
    OVERLAP_REMEDY,
    Tile,
    overlapping_tiles,
)

if TYPE_CHECKING:  # its module needs the hosts, this one does not
    from glcnet_plugin.datasets.io.images import ImageInfo

MAX_LISTED = 10  # names in a message
UNLABELLED = '_unlabelled'  # ends the name of a list of tiles that a draw left over


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
    split: Split,
    group_of: Mapping[str, str],
    extents: Mapping[str, ImageInfo] | None = None,
    tiles: Mapping[str, Tile] | None = None,
) -> list[str]:
    """Check that training and validation share nothing.

    Args:
        split: The parts.
        group_of: Group of each image; an image that is missing here is a group of its own.
        extents: Headers of the images, to compare their georeferenced extents.
        tiles: Places of tiles in their scenes, to compare these.

    Returns:
        Problems: names, groups, overlapping extents or overlapping tiles of a scene in both
        training and validation, names that are both labelled and unlabelled. Empty if there
        are none.
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
    if tiles:
        parts = [{name: tiles[name] for name in part if name in tiles} for part in (train, val)]
        both = {f'{a} and {b}' for a, b in overlapping_tiles(parts[0], parts[1]) if a != b}
        remedy = f'; {OVERLAP_REMEDY}'
        problems.append(_shared('overlapping tiles', both) + (remedy if both else ''))
    problems.append(
        _shared('names', set(split.labelled) & set(split.unlabelled), 'labelled and unlabelled')
    )
    return [problem for problem in problems if problem]


def check_lists(
    lists: Mapping[str, Sequence[str]],
    group_of: Mapping[str, str],
    extents: Mapping[str, ImageInfo],
    tiles: Mapping[str, Tile] | None = None,
) -> list[str]:
    """Check the training pool and every draw from it against validation.

    Args:
        lists: Names of ``train``, ``val`` and of every draw, labelled (``train_1pct_seed0``) and
            not (``train_1pct_seed0_unlabelled``).
        group_of: See :func:`check_split`.
        extents: See :func:`check_split`.
        tiles: See :func:`check_split`.

    Returns:
        Problems, see :func:`check_split`; empty if there are none.
    """
    pool, val = lists['train'], lists['val']
    problems = check_split(Split((), pool, val), group_of, extents, tiles)
    for part in lists:
        if part in ('train', 'val') or part.endswith(UNLABELLED):
            continue
        split = Split(lists[part], lists.get(f'{part}{UNLABELLED}', ()), val)
        problems += [f'{part}: {problem}' for problem in check_split(split, group_of)]
        if set(split.train) != set(pool):
            problems.append(f'{part}: labelled and unlabelled do not make up train.txt')
    return problems


def _shared(kind: str, what: Collection[str], parts: str = 'training and validation') -> str:
    """Say what is in two parts; empty if nothing is."""
    more = f' and {len(what) - MAX_LISTED} more' if len(what) > MAX_LISTED else ''
    return f'{len(what)} {kind} in both {parts}: {sorted(what)[:MAX_LISTED]}{more}' if what else ''
