"""The files with which a labelled folder describes itself: classes.json and manifest.csv."""

import csv
import json
from collections import Counter
from collections.abc import Collection
from pathlib import Path, PurePath
from typing import Any

from glcnet_plugin.errors import DataError


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
        raise DataError(f'cannot read {path}: {type(error).__name__}: {error}') from error
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
        raise DataError(f'cannot read {path}: {error}') from error
    if not rows or 'name' not in rows[0]:
        raise DataError(f'{path} needs a header with the column "name" and a row per image')
    if twice := [name for name, count in Counter(row['name'] for row in rows).items() if count > 1]:
        raise DataError(f'{path} names {twice[:3]} more than once')
    return rows


def entry_name(entry: str, names: Collection[str]) -> str:
    """Name that an entry of a list stands for: a name, a file name, or a path."""
    if entry in names:
        return entry
    stem = PurePath(entry.replace('\\', '/')).stem
    return stem if stem in names else entry
