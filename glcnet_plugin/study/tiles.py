"""Choose the tiles of a study: to pretrain on, with labels, held out."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.datasets.analysis.class_weights import count_classes, mask_files
from glcnet_plugin.datasets.analysis.splits import budget, last_groups, order_by_scene
from glcnet_plugin.datasets.io.folder_format import (
    label_rule,
    mask_file,
    read_classes,
    read_manifest,
)
from glcnet_plugin.datasets.io.masks import read_stored_mask
from glcnet_plugin.errors import DataError
from glcnet_plugin.study.digests import Digests
from glcnet_plugin.study.held_out import require_unseen
from glcnet_plugin.study.settings import Data, Study
from glcnet_plugin.utils.atomic_io import write_atomic


@dataclass(frozen=True)
class Tiles:
    """Names of tiles per purpose."""

    train: list[str]  # of other groups than the held-out ones
    val: list[str]
    labelled: dict[tuple[int, int], list[str]]  # (number of tiles, seed) -> names
    held_out: list[str]  # groups
    warnings: list[str]
    separation: str  # how held-out ground was kept out of pretraining, and what was not compared


def choose_tiles(study: Study, digests: Digests | None = None) -> Tiles:
    """Split the tiles of a study by ground, and draw the labelled ones.

    Every seed has an order of its own, of which a budget takes the first tiles: a larger budget
    contains the smaller ones, and all methods get the same lists.

    Args:
        study: The study.
        digests: Digests of pixels that are known.

    Returns:
        The tiles, with a warning for each labelled list that lacks a class.

    Raises:
        DataError: If a group to hold out is unknown, nothing is left to train on, a budget is
            larger than that, there is a single class, or ``pretrain_root`` shows ground that is
            scored, see :func:`require_unseen`.
    """
    data = study.data
    _require_classes(data.root)
    rows = read_manifest(data.root)
    held = _held_out(data, Counter(_images(rows)))
    inside = [row for row in rows if row.get('group', '') not in held]
    outside = [row for row in rows if row.get('group', '') in held]
    if not inside:
        raise DataError(f'holding out {held} leaves no group of {data.root} to train on')
    rng = np.random.default_rng(0)
    train = order_by_scene(inside, rng)[: data.max_train]
    val = order_by_scene(outside, rng)[: data.max_val]
    chosen = set(train)
    pool = [row for row in inside if row['name'] in chosen]
    counts = sorted({budget(text, len(pool))[1] for text in study.labels})
    labelled: dict[tuple[int, int], list[str]] = {}
    for seed in study.seeds:
        order = order_by_scene(pool, np.random.default_rng(1000 + seed))
        labelled |= {(count, seed): order[:count] for count in counts}
    warnings = _missing_classes(data.root, labelled)
    if data.pretrain_root is None:
        separation = (
            'Held-out tiles are of other groups of manifest.csv than those trained on; that groups '
            'show different ground was not checked by extents or pixels.'
        )
    else:
        scored = [row for row in outside if row['name'] in set(val)]
        separation = require_unseen(data.root, scored, data.pretrain_root, digests or Digests())
    return Tiles(sorted(train), sorted(val), labelled, held, warnings, separation)


def _require_classes(root: str) -> None:
    """Refuse a single class: every pixel would be right."""
    if len(classes := read_classes(root)['classes']) < 2:
        raise DataError(
            f'{root}/classes.json has the single class {", ".join(classes)!r}, with which every '
            'pixel is right: add a class for the rest, such as "background"'
        )


def _images(rows: list[dict[str, str]]) -> list[str]:
    """Group of each source image; tiles cut from one image count once.

    Images of one name in two groups are two.
    """
    return [group for group, _ in dict.fromkeys(_image(row) for row in rows)]


def _image(row: Mapping[str, str]) -> tuple[str, str]:
    """Group and name of the image that a tile was cut from."""
    return row.get('group', ''), row.get('source') or row['name']


def _held_out(data: Data, groups: Mapping[str, int]) -> list[str]:
    """Groups to hold out."""
    if data.held_out is None:
        return last_groups(groups)
    require_groups(data.held_out, groups, data.root)
    return sorted(data.held_out)


def require_groups(names: Iterable[str], groups: Iterable[str], root: str | Path) -> None:
    """Refuse to hold out a group that a labelled folder does not have.

    Args:
        names: Groups to hold out.
        groups: Those of its manifest.
        root: The folder, for the message.

    Raises:
        DataError: If one is not there.
    """
    if unknown := sorted(set(names) - set(groups)):
        raise DataError(f'groups to hold out {unknown} are not among {sorted(groups)} of {root}')


def _missing_classes(root: str, labelled: Mapping[tuple[int, int], list[str]]) -> list[str]:
    """Warnings about lists of labelled tiles that lack a class."""
    classes = read_classes(root)
    names = sorted({name for part in labelled.values() for name in part})
    counted = count_classes(mask_files(root, names), label_rule(classes), workers=0)
    pixels = dict(zip(names, counted, strict=True))
    warnings = []
    for (count, seed), part in labelled.items():
        shown = np.sum([pixels[name] for name in part], axis=0)
        if missing := [c for c, n in zip(classes['classes'], shown, strict=True) if not n]:
            warnings.append(
                f'the {count} labelled tiles of seed {seed} show no pixel of {", ".join(missing)}: '
                'no method can learn it from them'
            )
    return warnings


def read_labels(root: str, name: str) -> NDArray[Any]:
    """Classes of a tile as training reads them.

    Args:
        root: Labelled folder.
        name: Name of the tile.

    Returns:
        (H, W) classes from 0; 255 for ignored pixels and nodata.
    """
    path, rule = mask_file(root, name), label_rule(read_classes(root))
    return rule.training_ids(rule.file_ids(read_stored_mask(path), path))


def write_lists(tiles: Tiles, folder: Path) -> None:
    """Write the lists that the configs read, one name per line.

    Args:
        tiles: The tiles.
        folder: Where to: ``train.txt``, ``val.txt``, ``16_0.txt`` (16 tiles of seed 0), ...
    """
    lists = {'train': tiles.train, 'val': tiles.val}
    lists |= {f'{count}_{seed}': names for (count, seed), names in tiles.labelled.items()}
    for name, names in lists.items():
        path, text = folder / f'{name}.txt', '\n'.join(names) + '\n'
        if not path.is_file() or path.read_text(encoding='utf-8') != text:
            write_atomic(path, text)  # other jobs may be reading it
