"""Split a folder of images into training and validation by ground, and draw labelled tiles.

Writes lists of names, one per line: train.txt (the whole training pool), val.txt, and for every
budget and seed train_1pct_seed0.txt (labelled; larger budgets contain smaller ones) and
train_1pct_seed0_unlabelled.txt (the rest of the pool). split.json tells how they were made.
Groups are never divided: they come from manifest.csv, or with --extents from georeferences
too; an image without a group is one with all that have its source. The written lists are read
again, and it is proven that training and validation share nothing.

The folder has images/, and may have manifest.csv (name, group, source), and masks/ with
classes.json: then class shares are shown.

Example:
    python tools/dataset_tools/make_split.py data/dubai_256 --val-groups D E --labelled 1% 5% 16
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from glcnet_plugin.datasets.analysis.class_weights import count_classes, mask_files
from glcnet_plugin.datasets.analysis.split_source import Source, divide, read_source
from glcnet_plugin.datasets.analysis.splits import (
    Split,
    budget,
    check_split,
    order_by_class,
    order_by_scene,
    order_random,
)
from glcnet_plugin.datasets.io.folder_format import read_classes
from glcnet_plugin.datasets.io.lists import read_list
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.utils.cli import make_console, run_tool

Lists = dict[str, list[str]]  # name of the part ('val', 'train_1pct_seed0') -> names of images


def draw(source: Source, train: Sequence[str], args: argparse.Namespace) -> Lists:
    """Draw the labelled tiles of every budget and seed.

    Args:
        source: The images.
        train: Names of the training pool.
        args: Arguments of the command line.

    Returns:
        Labelled and unlabelled names, each as a list of the split.

    Raises:
        ConfigError: If classes are to decide and there are no masks.
    """
    by_name = {row['name']: row for row in source.rows}
    rows = [by_name[name] for name in train]
    order: Any = {'scene': order_by_scene, 'none': order_random}.get(args.stratify)
    if args.stratify == 'class':
        if not source.counts:
            raise ConfigError('--stratify class needs masks/ and classes.json: use scene or none')
        order = partial(order_by_class, counts=np.stack([source.counts[name] for name in train]))
    lists: Lists = {}
    for seed in args.seeds:
        ordered = order(rows, rng=np.random.default_rng(seed))
        for label, count in (budget(text, len(train)) for text in args.labelled):
            chosen = set(ordered[:count])
            lists[f'train_{label}_seed{seed}'] = ordered[:count]
            rest = [name for name in train if name not in chosen]
            lists[f'train_{label}_seed{seed}_unlabelled'] = rest
    return {part: names for part, names in lists.items() if names}


def prove(lists: Mapping[str, Sequence[str]], source: Source) -> list[str]:
    """Check the pool and every draw against validation.

    Args:
        lists: All lists of the split.
        source: The images.

    Returns:
        What is wrong, see :func:`check_split`; empty if the split is proven.
    """
    pool, val, groups = lists['train'], lists['val'], source.group_of
    problems = check_split(Split((), pool, val), groups, source.infos)
    for part in lists:
        if part in ('train', 'val') or part.endswith('_unlabelled'):
            continue
        split = Split(lists[part], lists.get(f'{part}_unlabelled', ()), val)
        problems += [f'{part}: {problem}' for problem in check_split(split, groups)]
        if set(split.train) != set(pool):
            problems.append(f'{part}: labelled and unlabelled do not make up train.txt')
    return problems


def write_lists(out: Path, lists: Lists, force: bool) -> None:
    """Write the lists, unless others are there.

    Args:
        out: Folder to write to.
        lists: All lists of the split.
        force: Replace what is there; lists of other draws are removed, as their pool is gone.

    Raises:
        DataError: If a list is there with other content.
    """
    out.mkdir(parents=True, exist_ok=True)
    files = {out / f'{part}.txt': '\n'.join(names) + '\n' for part, names in lists.items()}
    if force:
        for path in set(out.glob('train_*_seed*.txt')) - set(files):
            path.unlink()
    for path, text in files.items():
        if not force and path.exists() and path.read_bytes() != text.encode():
            raise DataError(f'{path} exists and differs: choose another --out, or add --force')
    for path, text in files.items():
        path.write_bytes(text.encode())  # the same bytes on every system


def describe(lists: Lists, source: Source) -> dict[str, dict[str, Any]]:
    """Count images, groups and class shares of each part.

    Args:
        lists: All lists of the split.
        source: The images.

    Returns:
        By part: ``images``, ``groups``, and the share of each class of the labelled pixels
        where there are masks.
    """
    group_of, parts = source.group_of, {}
    for part, names in lists.items():
        parts[part] = {'images': len(names), 'groups': len({group_of[name] for name in names})}
        if source.counts:
            pixels = np.sum([source.counts[name] for name in names], axis=0)
            shares = (pixels / max(pixels.sum(), 1)).round(6).tolist()
            parts[part]['class_shares'] = dict(zip(source.classes, shares, strict=True))
    return parts


def show(parts: dict[str, dict[str, Any]], classes: Sequence[str]) -> None:
    """Print what :func:`describe` found, without the unlabelled rests."""
    table = Table('part', 'images', 'groups', *classes)
    for part, facts in parts.items():
        if not part.endswith('_unlabelled'):
            shares = [f'{100 * share:.1f} %' for share in facts.get('class_shares', {}).values()]
            table.add_row(part, str(facts['images']), str(facts['groups']), *shares)
    make_console().print(table)


def make_split(args: argparse.Namespace) -> list[str]:
    """Make, write and prove a split.

    Args:
        args: Arguments of the command line.

    Returns:
        What is wrong with it; nothing is written then.
    """
    source = read_source(args.folder, args.group_column, args.extents)
    train, val = divide(source, args)
    if source.classes:
        names = list(dict.fromkeys([*train, *val]))
        masks, meta = mask_files(args.folder, names), read_classes(args.folder)
        counts = count_classes(masks, len(source.classes), meta['ignore_index'])
        source.counts = dict(zip(names, counts, strict=True))
    lists = {'train': train, 'val': val, **draw(source, train, args)}
    parts = describe(lists, source)
    show(parts, source.classes if source.counts else ())
    if problems := prove(lists, source):
        return problems
    out = args.out or args.folder / 'splits'
    write_lists(out, lists, args.force)
    if problems := prove({part: read_list(out / f'{part}.txt') for part in lists}, source):
        return problems
    settings = {key: value for key, value in vars(args).items() if key not in ('out', 'force')}
    settings['folder'] = args.folder.resolve().name
    if args.val_groups or args.val_list:
        del settings['val'], settings['val_seed']  # not used
    proof = {'names': 0, 'groups': 0, 'extents': 0 if source.infos else None}
    content = {'settings': settings, 'parts': parts, 'shared_by_training_and_validation': proof}
    text = json.dumps(content, indent=1, default=str) + '\n'
    (out / 'split.json').write_bytes(text.encode())
    extents = ', 0 extents' if source.infos else ''
    print(f'proven: 0 names, 0 groups{extents} shared by training and validation')
    if unknown := len(source.rows) - len(source.infos):
        reason = 'they have no georeference' if args.extents else 'add --extents to do so'
        print(f'extents of {unknown} images were not compared: {reason}')
    if others := len(source.rows) - len({*train, *val}):
        print(f'{others} images are in neither: not listed, or on the ground of validation')
    print(f'{len(lists)} lists in {out}')
    return []


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments; None for those of the process.

    Returns:
        The arguments.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('folder', type=Path, help='folder with images/')
    held = parser.add_mutually_exclusive_group()
    text = 'share of the groups (not images) to hold out'
    held.add_argument('--val', type=float, default=0.2, metavar='SHARE', help=text)
    held.add_argument('--val-groups', nargs='+', metavar='GROUP', help='groups to hold out')
    held.add_argument('--val-list', type=Path, metavar='FILE', help='names to hold out')
    add('--val-seed', type=int, default=0, help='seed of the draw of --val')
    text = 'take the training pool, and --val or --val-groups, from these names alone'
    add('--train-list', type=Path, metavar='FILE', help=text)
    text = 'budgets: a share of the pool (1%% or 0.01) or a number of tiles (16)'
    add('--labelled', nargs='+', default=['1%'], metavar='BUDGET', help=text)
    add('--seeds', nargs='+', type=int, default=[0], metavar='SEED', help='seeds of the draws')
    text = 'draw evenly from source images, by class shares, or at random'
    add('--stratify', choices=('scene', 'class', 'none'), default='scene', help=text)
    add('--group-column', metavar='COLUMN', help='column of manifest.csv (default: group)')
    text = 'put georeferenced images that overlap on the ground into one group'
    add('--extents', action='store_true', help=text)
    add('--out', type=Path, help='folder to write (default: FOLDER/splits)')
    add('--force', action='store_true', help='replace other lists that are there')
    return parser.parse_args(argv)


def main() -> int:
    """Parse the command line and split."""
    problems = make_split(parse_args())
    for problem in problems:
        print(f'not a split by ground: {problem}', file=sys.stderr)
    return 1 if problems else 0


if __name__ == '__main__':
    run_tool(main)
