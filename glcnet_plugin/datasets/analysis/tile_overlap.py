"""Which tiles of one scene overlap, by their places in it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import numpy as np

from glcnet_plugin.datasets.analysis.geo_overlap import overlapping
from glcnet_plugin.datasets.io.headers import image_size
from glcnet_plugin.datasets.io.places import Offset, offset_in_name, offset_of
from glcnet_plugin.errors import DataError

MIN_STEP = 8  # tiles lie at least an eighth of their side apart; else Y and X are no pixels
OVERLAP_REMEDY = (
    'hold out whole scenes (make_split), or cut tiles that do not overlap; if these are tiles of '
    'two scenes of one name (column source, or the names), give each scene a name of its own'
)
Tile = tuple[str, int, int, int, int]  # scene, y, x, height, width


def tile_places(rows: Iterable[tuple[Mapping[str, str], str | Path]]) -> dict[str, Tile]:
    """Places of tiles in their scenes.

    They come from the columns source, y and x of the manifest, else from names SCENE_Y_X. Steps
    of names are pixels only if they are like the size of the tiles: SCENE_0_1, SCENE_0_2 are not.
    Scenes of one name count as one, whatever their groups: two groups of one scene may leak.

    Args:
        rows: Row of the manifest, with the name at least, and path of each tile.

    Returns:
        Place of each path of which it is known.
    """
    stated: dict[str, Tile] = {}
    named: dict[str, Tile] = {}
    for row, path in rows:
        places, offset = stated, offset_of(row)
        if offset is None:
            places, offset = named, offset_in_name(row['name'])
        if offset is not None and (tile := _tile(offset, path)) is not None:
            places[str(path)] = tile
    return stated | (named if _are_pixels(named.values()) else {})


def _tile(offset: Offset, path: str | Path) -> Tile | None:
    """Place and size of a tile; None if its file cannot be read, which others report."""
    try:
        height, width = image_size(path)
    except DataError:
        return None
    return f'{Path(path).parent}/{offset.scene}', offset.y, offset.x, height, width


def _are_pixels(tiles: Collection[Tile]) -> bool:
    """Whether the numbers in names are pixels, by the usual step between them."""
    values = defaultdict(set)
    for scene, y, x, *_ in tiles:
        values[scene, 'y'].add(y)
        values[scene, 'x'].add(x)
    steps = [step for numbers in values.values() for step in np.diff(sorted(numbers)).tolist()]
    side = min((min(tile[3:]) for tile in tiles), default=0)
    return bool(steps) and float(np.median(steps)) >= max(2.0, side / MIN_STEP)


def overlapping_tiles(
    first: Mapping[str, Tile], second: Mapping[str, Tile]
) -> list[tuple[str, str]]:
    """Tiles of two parts that show the same pixels of a scene.

    Args:
        first: Place of each tile of one part.
        second: Place of each tile of the other.

    Returns:
        Pairs of keys of both.
    """
    scenes: dict[str, tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for part, tiles in enumerate((first, second)):
        for key, tile in tiles.items():
            scenes[tile[0]][part].append(key)
    pairs = []
    for ours, others in scenes.values():
        if ours and others:
            extents = [
                np.array([_box(tiles[key]) for key in keys], np.float64)
                for tiles, keys in ((first, ours), (second, others))
            ]
            common = overlapping(extents[0], extents[1], min_share=0)
            pairs += [(ours[i], others[j]) for i, j in common.tolist()]
    return pairs


def _box(tile: Tile) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of a tile in pixels."""
    _, y, x, height, width = tile
    return x, y, x + width, y + height
