"""The files with which a labelled folder describes itself: classes.json and manifest.csv."""

import csv
import json
from collections import Counter
from collections.abc import Collection
from pathlib import Path, PurePath
from typing import Any

from glcnet_plugin.datasets.io.images import IMAGE_SUFFIXES
from glcnet_plugin.datasets.io.lists import (
    existing_file,
    read_list,
    require_once,
    require_own_names,
)
from glcnet_plugin.errors import DataError

MASK_SUFFIXES = ('.png', '.tif', '.tiff')


def read_classes(data_root: str | Path) -> dict[str, Any]:
    """Read ``classes.json`` of a folder.

    Args:
        data_root: The folder. Its file holds ``{"classes": [{"id": 0, "name": "road",
            "color": "#6EC1E4"}, ...], "ignore_index": 255}``, ids without gaps.

    Returns:
        ``classes`` (names), ``palette`` (R, G, B each) and ``ignore_index``.

    Raises:
        DataError: If the file is missing or not of this form.
    """
    path = Path(data_root, 'classes.json')
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        entries = sorted(content['classes'], key=lambda entry: entry['id'])
        palette = [list(bytes.fromhex(entry['color'].lstrip('#'))) for entry in entries]
        names = [entry['name'] for entry in entries]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f'cannot read {path}: {_reason(error, data_root)}') from error
    if [entry['id'] for entry in entries] != list(range(len(entries))):
        raise DataError(f'{path}: class ids must be 0..{len(entries) - 1} without gaps')
    ignore_index = content.get('ignore_index', 255)
    return {'classes': names, 'palette': palette, 'ignore_index': ignore_index}


def read_manifest(data_root: str | Path) -> list[dict[str, str]]:
    """Read ``manifest.csv`` of a folder: one row per image, with at least a ``name``.

    Raises:
        DataError: If the file is missing, has no column ``name``, or names an image twice.
    """
    path = Path(data_root, 'manifest.csv')
    try:
        with path.open(newline='', encoding='utf-8-sig') as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise DataError(f'cannot read {path}: {_reason(error, data_root)}') from error
    if not rows or 'name' not in rows[0]:
        raise DataError(f'{path} needs a header with the column "name" and a row per image')
    if twice := [name for name, count in Counter(row['name'] for row in rows).items() if count > 1]:
        raise DataError(f'{path} names {twice[:3]} more than once')
    return rows


def listed_names(path: str | Path, known: Collection[str], where: str | Path) -> list[str]:
    """Read a list as names of images; its entries may be names, file names or paths.

    Args:
        path: The list.
        known: Names of all images.
        where: What holds them, to name it.

    Returns:
        The names in the order of the list.

    Raises:
        DataError: If the list cannot be read, or names an image that is not known, or one
            twice.
    """
    names = [_entry_name(entry, known) for entry in read_list(path)]
    if unknown := [name for name in names if name not in known]:
        raise DataError(
            f'{path} names {len(unknown)} images that {where} lacks, such as {unknown[:3]}: '
            'correct the list, or add them'
        )
    require_once(names, path)
    return names


def _entry_name(entry: str, names: Collection[str]) -> str:
    """Name that an entry of a list stands for: a name, a file name, or a path."""
    if entry in names:
        return entry
    stem = PurePath(entry.replace('\\', '/')).stem
    return stem if stem in names else entry


def image_files(folder: str | Path) -> dict[str, Path]:
    """Images of a folder by their names; world files and the like are left out.

    Args:
        folder: The folder, usually ``images`` of a labelled one.

    Returns:
        Path of each name, sorted by name.

    Raises:
        DataError: If two images have one name.
    """
    paths = (path for path in Path(folder).glob('*') if path.suffix.lower() in IMAGE_SUFFIXES)
    return require_own_names((path.stem, path) for path in paths)


def mask_file(data_root: str | Path, name: str) -> Path:
    """Mask of an image of a labelled folder: PNG or TIFF; may be missing."""
    stem = Path(data_root, 'masks', name)
    return existing_file(stem, MASK_SUFFIXES) or Path(f'{stem}{MASK_SUFFIXES[0]}')


def _reason(error: Exception, data_root: str | Path) -> str:
    """Why a description cannot be read, in words."""
    if not Path(data_root).is_dir():
        return f'{data_root} is not a folder'
    if isinstance(error, FileNotFoundError):
        begun = Path(data_root, '.done').is_dir()
        return 'the tool that makes it has not finished, run it again' if begun else 'no such file'
    return f'{type(error).__name__}: {error}'
