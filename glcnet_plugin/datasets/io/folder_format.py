"""The files with which a labelled folder describes itself: classes.json and manifest.csv."""

import csv
import json
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path, PurePath
from typing import Any

from glcnet_plugin.datasets.io.images import IMAGE_SUFFIXES
from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.io.lists import (
    NO_UTF8,
    existing_file,
    read_list,
    require_once,
    require_own_names,
)
from glcnet_plugin.datasets.io.masks import IGNORE, own_colours
from glcnet_plugin.errors import DataError

MASK_SUFFIXES = ('.png', '.tif', '.tiff')


def read_classes(data_root: str | Path) -> dict[str, Any]:
    """Read ``classes.json`` of a folder.

    Args:
        data_root: The folder. Its file holds ``{"classes": [{"id": 0, "name": "road",
            "color": "#6EC1E4"}, ...], "ignore_index": 255}``, ids without gaps. It may hold
            ``"reduce_zero_label": true`` where masks hold 0 for no data and 1..N for the
            classes, or ``"mapping": {"10": 0, "20": 1}``, the class of each value of the masks.

    Returns:
        ``classes`` (names), ``palette`` (R, G, B each), ``ignore_index``,
        ``reduce_zero_label`` and ``mapping``.

    Raises:
        DataError: If the file is missing or not of this form.
    """
    path = Path(data_root, 'classes.json')
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        entries = sorted(content['classes'], key=lambda entry: entry['id'])
        palette = [_rgb(entry['color']) for entry in entries]
        names = [entry['name'] for entry in entries]
        pairs = (content.get('mapping') or {}).items()
        mapping = {int(old): _class_id(new, old) for old, new in pairs}
        ignored = _whole(content.get('ignore_index', IGNORE), 'ignore_index')
        zero = content.get('reduce_zero_label')
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f'cannot read {path}: {_reason(error, data_root)}') from error
    if [entry['id'] for entry in entries] != list(range(len(entries))):
        raise DataError(f'{path}: class ids must be 0..{len(entries) - 1} without gaps')
    if unknown := sorted(set(mapping.values()) - set(range(len(entries)))):
        raise DataError(f'{path}: mapping leads to {unknown}, class ids are 0..{len(entries) - 1}')
    if zero not in (True, False, None):
        raise DataError(
            f'{path}: reduce_zero_label is {zero!r}, write true or false without quotes'
        )
    if zero and mapping:
        raise DataError(f'{path} has reduce_zero_label and a mapping: keep one of them')
    return {
        'classes': names,
        'palette': palette,
        'ignore_index': ignored,
        'reduce_zero_label': bool(zero),
        'mapping': mapping,
    }


def _rgb(colour: Any) -> list[int]:
    """R, G, B of a text such as '#6EC1E4'."""
    digits = colour.lstrip('#') if isinstance(colour, str) else ''
    try:
        values = list(bytes.fromhex(digits))
    except ValueError:
        values = []
    if len(values) != 3:
        raise ValueError(f"color {colour!r}: write '#RRGGBB', such as '#6EC1E4'")
    return values


def _class_id(new: Any, old: str) -> int:
    """Class of a value of a mapping, which may be a text as the value is."""
    return int(new) if isinstance(new, str) else _whole(new, f'the class of value {old}')


def _whole(value: Any, what: str) -> int:
    """A number of JSON, if it is whole."""
    fraction = isinstance(value, float) and not value.is_integer()
    if isinstance(value, bool) or not isinstance(value, int | float) or fraction:
        raise ValueError(f'{what} is {value!r}: write a whole number without quotes')
    return int(value)


def label_rule(meta: Mapping[str, Any], reduce_zero_label: bool = False) -> LabelRule:
    """Which values the masks of a folder hold, by its ``classes.json``.

    Args:
        meta: What :func:`read_classes` gives.
        reduce_zero_label: Take 0 for no data and 1..N for the classes, as if the file said so.

    Returns:
        The rule.
    """
    return LabelRule(
        len(meta['classes']),
        meta['reduce_zero_label'] or reduce_zero_label,
        (meta['ignore_index'],),
        mapping=meta['mapping'],
        colours=own_colours(meta['palette']),
    )


def read_manifest(data_root: str | Path) -> list[dict[str, str]]:
    """Read ``manifest.csv`` of a folder: one row per image, with at least a ``name``.

    Blanks around headers and values do not count, nor do rows of nothing else or capitals in the
    headers; names may end like image files (``area0.png``).

    Raises:
        DataError: If the file is missing or no table in UTF-8, has no column ``name``, a row has
            no name, or one has that of another.
    """
    path = Path(data_root, 'manifest.csv')
    try:
        with path.open(newline='', encoding='utf-8-sig') as file:
            table = csv.DictReader(file)
            numbered = ((table.line_num, _clean(row)) for row in table)
            lines = {number: row for number, row in numbered if any(row.values())}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f'cannot read {path}: {_reason(error, data_root)}') from error
    rows = list(lines.values())
    if not any('name' in row for row in rows):
        raise DataError(f'{path} needs a header with the column "name" and a row per image')
    if unnamed := [number for number, row in lines.items() if not row.get('name')]:
        raise DataError(f'{path}: line {unnamed[0]} names no image, add its name or remove it')
    if any(PurePath(row['name']).suffix.lower() in IMAGE_SUFFIXES for row in rows):
        images = image_files(Path(data_root, 'images'))
        for row in rows:
            row['name'] = _entry_name(row['name'], images)
    if twice := [name for name, count in Counter(row['name'] for row in rows).items() if count > 1]:
        raise DataError(f'{path} names {twice[:3]} more than once')
    return rows


def _clean(row: Mapping[str | None, Any]) -> dict[str, str]:
    """A row of a manifest with its headers in lower case, without blanks around anything."""
    return {
        key.strip().lower(): value.strip()
        for key, value in row.items()
        if isinstance(key, str) and isinstance(value, str)
    }


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
        if begun:
            return 'the tool that makes it has not finished, run it again'
        return 'no such file; rasterize_labels.py makes a labelled folder of polygons'
    if isinstance(error, UnicodeDecodeError):
        return NO_UTF8
    return str(error) if type(error) is ValueError else f'{type(error).__name__}: {error}'
