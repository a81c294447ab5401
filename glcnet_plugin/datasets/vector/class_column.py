"""Classes of a column of a table."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from glcnet_plugin.datasets.io.masks import IGNORE
from glcnet_plugin.errors import DataError


def class_names(values: Any, path: str | Path) -> Any:
    """Name of the class of each row.

    Args:
        values: Series of texts or whole numbers; tables hold these as floats where a value is
            missing.
        path: Their file, to name it.

    Returns:
        Series of texts without blanks around them; empty where there is no value.

    Raises:
        DataError: If a number is a fraction.
    """
    names = values.astype(object).where(values.notna(), '').map(_name)
    if (fraction := names.isna()).any():
        raise DataError(
            f'{path}: column {values.name!r} of feature {values.index[fraction][0]} holds '
            f'{values[fraction].iloc[0]}, which is no class: choose a column of names or of '
            'whole numbers'
        )
    return names


def _name(value: Any) -> str | None:
    """Text of a value; None for a fraction."""
    if isinstance(value, float):
        return str(int(value)) if math.isfinite(value) and value.is_integer() else None
    return str(value).strip()


def class_ids(
    names: Any, listed: Sequence[str] | None, path: str | Path
) -> tuple[list[str], np.ndarray[Any, Any]]:
    """Ids of classes.

    Args:
        names: Series of texts.
        listed: Names in the order of their ids; None for those that occur, sorted.
        path: Their file, to name it.

    Returns:
        Names in the order of the ids, and the id of each row, uint8.

    Raises:
        DataError: If a name is not listed, listed twice, or there are more than 255.
    """
    found = Counter(names.tolist())
    if listed is None:
        whole = all(re.fullmatch(r'-?\d+', name) for name in found)
        listed = sorted(found, key=int) if whole else sorted(found)
    classes = [name.strip() for name in listed]
    if len(set(classes)) < len(classes) or '' in classes:
        raise DataError(f'the classes {classes} must have names of their own')
    if len(classes) > IGNORE:
        raise DataError(
            f'{path} has {len(classes)} classes, at most {IGNORE} are possible: choose another '
            'column'
        )
    if unknown := {name: count for name, count in found.items() if name not in classes}:
        few = ', '.join(f'{name!r} ({unknown[name]})' for name in sorted(unknown)[:5])
        rows = names.index[names.isin(list(unknown))].tolist()
        raise DataError(
            f'{path}: {sum(unknown.values())} features (the first: {rows[:3]}) are of classes '
            f'that are not among {classes}: {few}; correct their names, add them to the classes, '
            'or filter them out in QGIS'
        )
    number = {name: index for index, name in enumerate(classes)}
    return classes, np.array([number[name] for name in names], np.uint8)
