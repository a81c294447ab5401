"""Where tiles lie: on the ground, and in the scene that they were cut from."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from glcnet_plugin.datasets.io.headers import ImageInfo, image_size

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
    """Place of a tile in its scene, by the columns source, y and x of its manifest row."""
    source, y, x = (row.get(key, '') for key in ('source', 'y', 'x'))
    return Offset(source, int(y), int(x)) if source and y.isdigit() and x.isdigit() else None


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
    """
    if info.bounds is not None or not row.get('crs'):
        return info
    try:
        left, bottom, right, top = (float(row[side]) for side in SIDES)
    except (KeyError, ValueError):
        return info
    return replace(info, crs=row['crs'], bounds=(left, bottom, right, top))


def shown_before(
    rows: Sequence[Mapping[str, str]], images: Sequence[str | Path]
) -> Iterator[list[Part]]:
    """Parts of each tile that earlier tiles of its scene show too.

    Args:
        rows: Rows of the manifest.
        images: Image of each, to know its size.

    Yields:
        The parts, for each tile.
    """
    earlier: dict[str, list[Part]] = defaultdict(list)
    for row, image in zip(rows, images, strict=True):
        if (place := offset_of(row)) is None:
            yield []
            continue
        tile = (place.y, place.x, *image_size(image))
        yield _common(tile, earlier[place.scene])
        earlier[place.scene].append(tile)


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
