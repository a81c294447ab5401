"""Which tiles are held out, which are seen without labels, which are labelled."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glcnet_plugin.apis.splits import order_by_scene
from glcnet_plugin.datasets.descriptions import read_manifest
from glcnet_plugin.errors import DataError

HELD_OUT_SHARE = 0.2


@dataclass
class Splits:
    """Names of tiles per purpose."""

    train: list[str]  # unlabelled pool; no tile shows held-out ground
    val: list[str]
    labelled: dict[tuple[int, int], list[str]]  # (number of tiles, seed) -> names
    val_groups: list[str]


def hold_out(groups: dict[str, int]) -> list[str]:
    """Choose groups to hold out: the last by name that make up a fifth of the images.

    Args:
        groups: Number of images per group.

    Returns:
        Names of the groups, sorted.

    Raises:
        DataError: If there is only one group.
    """
    if len(groups) < 2:
        raise DataError(
            f'all images are in the group {list(groups)}: two groups are needed, one of them '
            'held out (the column "group" of manifest.csv)'
        )
    held: list[str] = []
    total = sum(groups.values())
    for name in sorted(groups, reverse=True)[: len(groups) - 1]:
        held.append(name)
        if sum(groups[name] for name in held) >= HELD_OUT_SHARE * total:
            break
    return sorted(held)


def make_splits(
    tiles: Path,
    image_groups: dict[str, int],
    budgets: Sequence[int],
    seeds: Sequence[int],
    val_groups: Sequence[str] | None = None,
    max_train: int = 2000,
    max_val: int = 80,
) -> Splits:
    """Split the tiles by ground.

    Args:
        tiles: Labelled folder of tiles.
        image_groups: Number of source images per group.
        budgets: Numbers of labelled tiles.
        seeds: Seeds of the draws of labelled tiles; a larger budget contains the smaller.
        val_groups: Groups to hold out; None to choose them.
        max_train: Tiles in the unlabelled pool at most.
        max_val: Held-out tiles to score at most.

    Returns:
        The splits.

    Raises:
        DataError: If a group to hold out is unknown, or nothing is left to train on.
    """
    held = sorted(val_groups) if val_groups else hold_out(image_groups)
    if unknown := sorted(set(held) - set(image_groups)):
        raise DataError(f'groups to hold out {unknown} are not among {sorted(image_groups)}')
    rows = read_manifest(tiles)
    inside = [row for row in rows if row['group'] not in held]
    outside = [row for row in rows if row['group'] in held]
    if not inside:
        raise DataError(f'holding out {held} leaves no group to train on')
    rng = np.random.default_rng(0)
    train = order_by_scene(inside, rng)[:max_train]
    val = order_by_scene(outside, rng)[:max_val]
    pool = [row for row in inside if row['name'] in set(train)]
    labelled = {}
    for seed in seeds:
        order = order_by_scene(pool, np.random.default_rng(1000 + seed))
        for budget in budgets:
            labelled[min(budget, len(order)), seed] = order[:budget]
    return Splits(sorted(train), sorted(val), labelled, held)
