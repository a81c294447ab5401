"""Where tiles lie: on the ground, and in the scene that they were cut from."""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from glcnet_plugin.datasets.io.headers import ImageInfo, image_size
from glcnet_plugin.errors import DataError

TILE_NAME = re.compile(r'(.+?)[_-](\d+)[_-](\d+)')
SIDES = ('left', 'bottom', 'right', 'top')
Part = tuple[int, int, int, int]  # y, x, height, width in pixels


@dataclass(frozen=True)
class Offset:
    """Place of a tile in its scene, in pixels."""

    scene: str
    y: int
    x: int


def offset_of(row: Mapping[str, str]) -> Offset | None:
    """Place of a tile in its scene, by the columns source, y and x of its manifest row.

    Args:
        row: The row; 256.0 stands for 256, as tables with gaps are often written.

    Returns:
        The place; None where a column is missing or empty.

    Raises:
        DataError: If y or x is no whole number.
    """
    if not all(row.get(key) for key in ('source', 'y', 'x')):
        return None
    y, x = (_number(row, key) for key in ('y', 'x'))
    if not (y.is_integer() and x.is_integer()):
        raise _wrong(row, ('y', 'x'), 'whole pixels')
    return Offset(row['source'], int(y), int(x))


def _number(row: Mapping[str, str], key: str) -> float:
    """Value of a column; NaN if it is no number."""
    try:
        return float(row[key])
    except ValueError:
        return math.nan


def _wrong(row: Mapping[str, str], keys: Sequence[str], wanted: str) -> DataError:
    """What to raise where columns of a manifest hold no place."""
    values = ', '.join(f'{key} = {row[key]!r}' for key in keys)
    return DataError(
        f'the row of {row.get("name", "a tile")!r} in manifest.csv has {values}: give {wanted}, '
        'or leave them empty'
    )


def offset_in_name(name: str) -> Offset | None:
    """What a name of the form SCENE_Y_X says; whether Y and X are pixels, it does not."""
    match = TILE_NAME.fullmatch(name)
    return Offset(match[1], int(match[2]), int(match[3])) if match else None


def with_place(info: ImageInfo, row: Mapping[str, str]) -> ImageInfo:
    """Header of a tile with the place on the ground that its manifest row gives, if it has none.

    Args:
        info: Header of the image.
        row: Row of the manifest, perhaps with crs, left, bottom, right and top.

    Returns:
        The header.

    Raises:
        DataError: If left, bottom, right or top is no number.
    """
    if info.bounds is not None or not all(row.get(key) for key in ('crs', *SIDES)):
        return info
    left, bottom, right, top = (_number(row, side) for side in SIDES)
    if not all(map(math.isfinite, (left, bottom, right, top))):
        raise _wrong(row, SIDES, 'numbers with a decimal point')
    return replace(info, crs=row['crs'], bounds=(left, bottom, right, top))


def shown_before(
    rows: Sequence[Mapping[str, str]], images: Sequence[str | Path]
) -> Iterator[list[Part]]:
    """Parts of each tile that earlier tiles of its scene show too.

    Groups show different ground: scenes of one name in two groups are two.

    Args:
        rows: Rows of the manifest.
        images: Image of each, to know its size.

    Yields:
        The parts, for each tile.
    """
    earlier: dict[tuple[str, str], list[Part]] = defaultdict(list)
    for row, image in zip(rows, images, strict=True):
        if (place := offset_of(row)) is None:
            yield []
            continue
        tile = (place.y, place.x, *image_size(image))
        others = earlier[row.get('group', ''), place.scene]
        yield _common(tile, others)
        others.append(tile)


def _common(tile: Part, others: Sequence[Part]) -> list[Part]:
    """Parts of a tile, in its own pixels, that it shares with others of its scene."""
    if not others:
        return []
    first = np.array(tile)
    rest = np.array(others)
    low = np.maximum(first[:2], rest[:, :2])
    size = np.minimum(first[:2] + first[2:], rest[:, :2] + rest[:, 2:]) - low
    parts = np.hstack([low - first[:2], size])[(size > 0).all(axis=1)]
    return [(y, x, height, width) for y, x, height, width in parts.tolist()]
