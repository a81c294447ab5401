"""Make a split by ground, draw labelled tiles from it, write the lists and prove them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from glcnet_plugin.datasets.analysis.class_weights import count_classes, mask_files
from glcnet_plugin.datasets.analysis.split_check import UNLABELLED, check_lists
from glcnet_plugin.datasets.analysis.split_source import Source, divide, read_source
from glcnet_plugin.datasets.analysis.splits import (
    budget,
    order_by_class,
    order_by_scene,
    order_random,
)
from glcnet_plugin.datasets.analysis.spread import Describe, choose_spread, tile_descriptions
from glcnet_plugin.datasets.io.folder_format import image_files, label_rule, read_classes
from glcnet_plugin.datasets.io.lists import read_list
from glcnet_plugin.datasets.tiling.folder_writer import list_text, write_json
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.utils.atomic_io import write_atomic

Lists = dict[str, list[str]]  # name of the part ('val', 'train_1pct_seed0') -> names of images


@dataclass(frozen=True)
class SplitSettings:
    """How a split is made; the fields are those of ``split.json``."""

    folder: Path
    val: float = 0.2
    val_groups: Sequence[str] | None = None
    val_list: Path | None = None
    val_seed: int = 0
    train_list: Path | None = None
    labelled: Sequence[str] = ('1%',)  # budgets, see splits.budget
    seeds: Sequence[int] = (0,)
    stratify: str = 'scene'  # or 'class', 'none', 'spread'
    spread_by: str = 'colours'  # or 'features', 'both'
    features: str | None = None  # checkpoint of the network that gives them
    group_column: str | None = None
    extents: bool = False

    def as_dict(self) -> dict[str, Any]:
        """What was used, in the types that JSON takes."""
        content = asdict(self)
        if self.val_groups or self.val_list:
            del content['val'], content['val_seed']
        content['folder'] = self.folder.resolve().name
        return {key: str(v) if isinstance(v, Path) else v for key, v in content.items()}


@dataclass
class MadeSplit:
    """A split and what is wrong with it; it is written only if nothing is."""

    settings: SplitSettings
    out: Path
    source: Source
    lists: Lists
    parts: dict[str, dict[str, Any]]  # images, groups and class shares of each list
    problems: list[str] = field(default_factory=list)

    def proof(self) -> dict[str, int | None]:
        """What training and validation share, by kind; None for what was not compared."""
        return {
            'names': 0,
            'groups': 0 if self.source.grouped_by else None,
            'extents': 0 if self.source.infos else None,
            'overlapping tiles': 0 if self.source.tiles else None,
        }

    def lines(self) -> list[str]:
        """What was proven, and what was not, for the terminal."""
        located, total = len(self.source.infos), len(self.source.rows)
        shared = [f'0 {kind}' for kind, number in self.proof().items() if number is not None]
        lines = [f'proven: {", ".join(shared)} shared by training and validation']
        if self.source.grouped_by:
            lines.append(f'groups are by {self.source.grouped_by}')
        else:
            lines.append(
                'groups were not compared: each image is its own, as manifest.csv has no column '
                'group or source, and there are no names SCENE_Y_X of more than one scene'
            )
        if not self.source.tiles and located < total:
            lines.append(
                'overlap of tiles was not compared: their places in scenes are not known (columns '
                'source, y and x of manifest.csv, or names SCENE_Y_X in pixels)'
            )
        if unknown := total - located:
            missing = 'they have no georeference'
            reason = missing if self.settings.extents else 'add --extents to do so'
            lines.append(f'extents of {unknown} images were not compared: {reason}')
        if others := total - len({*self.lists['train'], *self.lists['val']}):
            lines.append(
                f'{others} images are in neither: not listed, or on the ground of validation'
            )
        return [*lines, f'{len(self.lists)} lists in {self.out}']


def make_split(
    settings: SplitSettings,
    out: Path | None = None,
    force: bool = False,
    features_of: Describe | None = None,
) -> MadeSplit:
    """Make, write and prove a split.

    Args:
        settings: How.
        out: Folder to write; None for ``splits`` in the folder of the images.
        force: See :func:`write_lists`.
        features_of: Describes images by features, for ``spread_by``.

    Returns:
        The split. With ``problems`` it is not a split by ground: nothing is written then, or
        what was written is not what was proven.

    Raises:
        ConfigError: If classes are to decide and there are no masks, or a number is wrong.
        DataError: If images, masks or lists are missing or do not fit each other.
    """
    folder = settings.folder
    source = read_source(folder, settings.group_column, settings.extents)
    train, val = divide(
        source,
        settings.val,
        settings.val_seed,
        settings.val_groups,
        settings.val_list,
        settings.train_list,
    )
    if source.classes:
        names = list(dict.fromkeys([*train, *val]))
        counts = count_classes(mask_files(folder, names), label_rule(read_classes(folder)))
        source.counts = dict(zip(names, counts, strict=True))
    draws = draw(
        source, train, settings.labelled, settings.seeds, settings.stratify,
        partial(tile_descriptions, by=settings.spread_by, features_of=features_of),
    )  # fmt: skip
    lists = {'train': train, 'val': val, **draws}
    out = out or folder / 'splits'
    made = MadeSplit(settings, out, source, lists, describe(lists, source))
    made.problems = check_lists(lists, source.group_of, source.infos, source.tiles)
    if made.problems:
        return made
    write_lists(out, lists, force)
    written = {part: read_list(out / f'{part}.txt') for part in lists}
    made.problems = check_lists(written, source.group_of, source.infos, source.tiles)
    if not made.problems:
        content = {'settings': settings.as_dict(), 'parts': made.parts}
        content['shared_by_training_and_validation'] = made.proof()
        write_json(out / 'split.json', content)
    return made


def draw(
    source: Source,
    train: Sequence[str],
    budgets: Sequence[str] = ('1%',),
    seeds: Sequence[int] = (0,),
    stratify: str = 'scene',
    describe_tiles: Describe = tile_descriptions,
) -> Lists:
    """Draw the labelled tiles of every budget and seed.

    Args:
        source: The images.
        train: Names of the training pool.
        budgets: See :func:`budget`.
        seeds: Seeds of the draws.
        stratify: 'scene' draws evenly from source images, 'class' by class shares, 'none' at
            random; 'spread' chooses tiles that differ, for each budget anew.
        describe_tiles: What 'spread' compares.

    Returns:
        Labelled and unlabelled names, each as a list of the split.

    Raises:
        ConfigError: If classes are to decide and there are no masks.
    """
    by_name = {row['name']: row for row in source.rows}
    rows = [by_name[name] for name in train]
    order: Any = {'scene': order_by_scene, 'none': order_random}.get(stratify)
    if stratify == 'class':
        if not source.counts:
            raise ConfigError('--stratify class needs masks/ and classes.json: use scene or none')
        order = partial(order_by_class, counts=np.stack([source.counts[name] for name in train]))
    if stratify == 'spread':
        files = image_files(source.folder / 'images')
        values = describe_tiles([files[name] for name in train])
    lists: Lists = {}
    for seed in seeds:
        ordered = order(rows, rng=np.random.default_rng(seed)) if order else []
        for label, count in (budget(text, len(train)) for text in budgets):
            if stratify == 'spread':
                ordered = [train[index] for index in choose_spread(values, count, seed)]
            chosen = set(ordered[:count])
            lists[f'train_{label}_seed{seed}'] = ordered[:count]
            rest = [name for name in train if name not in chosen]
            lists[f'train_{label}_seed{seed}{UNLABELLED}'] = rest
    return {part: names for part, names in lists.items() if names}


def describe(lists: Lists, source: Source) -> dict[str, dict[str, Any]]:
    """Count images, groups and class shares of each part.

    Args:
        lists: All lists of the split.
        source: The images.

    Returns:
        By part: ``images``, ``groups``, and the share of each class of the labelled pixels
        where there are masks.
    """
    group_of = source.group_of
    parts: dict[str, dict[str, Any]] = {}
    for part, names in lists.items():
        parts[part] = {'images': len(names), 'groups': len({group_of[name] for name in names})}
        if source.counts:
            pixels = np.sum([source.counts[name] for name in names], axis=0)
            shares = (pixels / max(pixels.sum(), 1)).round(6).tolist()
            parts[part]['class_shares'] = dict(zip(source.classes, shares, strict=True))
    return parts


def write_lists(out: Path, lists: Mapping[str, Sequence[str]], force: bool) -> None:
    """Write the lists, unless others are there.

    Args:
        out: Folder to write to.
        lists: All lists of the split.
        force: Replace what is there; lists of other draws are removed, as their pool is gone.

    Raises:
        DataError: If a list is there with other content.
    """
    files = {out / f'{part}.txt': list_text(names) for part, names in lists.items()}
    if force:
        for path in set(out.glob('train_*_seed*.txt')) - set(files):
            path.unlink()
    for path, text in files.items():
        if not force and path.exists() and path.read_bytes() != text.encode():
            raise DataError(f'{path} exists and differs: choose another --out, or add --force')
    for path, text in files.items():
        write_atomic(path, text)
