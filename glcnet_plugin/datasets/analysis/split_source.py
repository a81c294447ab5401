"""The images of a folder, their groups, and how they are divided by ground."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from glcnet_plugin.datasets.analysis.geo_overlap import components, groups_by_overlap
from glcnet_plugin.datasets.analysis.splits import hold_out_groups
from glcnet_plugin.datasets.analysis.tile_overlap import Tile, overlapping_tiles, tile_places
from glcnet_plugin.datasets.io.folder_format import (
    image_files,
    listed_names,
    read_classes,
    read_manifest,
)
from glcnet_plugin.datasets.io.images import ImageInfo, image_info
from glcnet_plugin.datasets.io.places import offset_in_name, with_place
from glcnet_plugin.errors import DataError
from glcnet_plugin.utils.parallel import parallel_map


@dataclass
class Source:
    """What is known about the images of a folder."""

    rows: list[dict[str, str]]  # name, group and perhaps source of each
    folder: Path = Path()
    infos: dict[str, ImageInfo] = field(default_factory=dict)  # those with a georeference
    classes: list[str] = field(default_factory=list)
    united: dict[str, str] = field(default_factory=dict)  # groups that extents put into others
    grouped_by: str = ''  # what the groups come from; empty if each image is its own
    tiles: dict[str, Tile] = field(default_factory=dict)  # places in scenes, where known
    counts: dict[str, NDArray[Any]] = field(default_factory=dict)  # pixels per class of each

    @property
    def group_of(self) -> dict[str, str]:
        """Group of each image."""
        return {row['name']: row['group'] for row in self.rows}


def read_rows(
    folder: Path, column: str | None = None
) -> tuple[list[dict[str, str]], dict[str, Path], str]:
    """Read names and groups of the images of a folder.

    Args:
        folder: The folder.
        column: Column of the manifest with the groups; None for ``group`` where there is one.

    Returns:
        The manifest rows with a ``group`` each, the image files by name, and what the groups
        come from: columns, or the scenes in names SCENE_Y_X; empty if each image is its own.

    Raises:
        DataError: If images are missing, share a name, or there is no such column.
    """
    files = image_files(folder / 'images')
    if not files:
        raise DataError(f'there is no image in {folder}/images')
    described = (folder / 'manifest.csv').exists()
    rows = read_manifest(folder) if described else [{'name': name} for name in files]
    if missing := [row['name'] for row in rows if row['name'] not in files]:
        raise DataError(f'{folder}/images lacks {missing[:3]} of {len(missing)} in the manifest')
    key = (column or 'group').strip().lower()
    if column is not None and key not in rows[0]:
        raise DataError(f'{folder}: no column {column!r} of groups among {list(rows[0])}')
    origin = next((name for name in (key, 'source') if any(row.get(name) for row in rows)), '')
    scenes = {} if origin else _scenes_in_names(rows)
    for row in rows:
        own = scenes.get(row['name'], row['name'])
        row['group'] = row.get(key) or row.get('source') or own
    grouped_by = f'column {origin}' if origin else 'scenes in the names' if scenes else ''
    return rows, {row['name']: files[row['name']] for row in rows}, grouped_by


def _scenes_in_names(rows: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Scene of each name SCENE_Y_X; empty if there are not two scenes to divide."""
    places = {row['name']: offset_in_name(row['name']) for row in rows}
    scenes = {name: place.scene for name, place in places.items() if place is not None}
    return scenes if 1 < len(set(scenes.values())) < len(scenes) else {}


def read_source(folder: Path, column: str | None, extents: bool) -> Source:
    """Read what is known about the images of a folder.

    Args:
        folder: The folder.
        column: See :func:`read_rows`.
        extents: Unite groups whose images overlap on the ground.

    Returns:
        Rows and headers; no class counts yet.
    """
    rows, files, grouped_by = read_rows(folder, column)
    source = Source(rows, folder, grouped_by=grouped_by)
    places = tile_places((row, files[row['name']]) for row in rows)
    source.tiles = {n: places[str(path)] for n, path in files.items() if str(path) in places}
    if not grouped_by:  # each image is its own group, unless it overlaps another
        order = {row['name']: number for number, row in enumerate(rows)}
        pairs = overlapping_tiles(source.tiles, source.tiles)
        roots = components(len(rows), [(order[a], order[b]) for a, b in pairs])
        for row, root in zip(rows, roots, strict=True):
            source.united[row['name']] = row['group'] = rows[root]['name']
    if extents:
        headers = parallel_map(image_info, files.values(), len(files), 'reading extents')
        infos = [with_place(info, row) for info, row in zip(headers, rows, strict=True)]
        located = groups_by_overlap(infos)
        grounds = [ground or row['name'] for ground, row in zip(located, rows, strict=True)]
        first: dict[tuple[str, str], int] = {}
        edges = []
        for index, row in enumerate(rows):
            for key in (('group', row['group']), ('place', grounds[index])):
                edges.append((first.setdefault(key, index), index))
        names = [row['group'] for row in rows]
        for row, root in zip(rows, components(len(rows), edges), strict=True):
            source.united[row['group']] = row['group'] = names[root]
        source.grouped_by = grouped_by or 'extents'
        source.infos = {n: info for n, info in zip(files, infos, strict=True) if info.bounds}
    if (folder / 'masks').is_dir():
        source.classes = read_classes(folder)['classes']
    return source


def divide(
    source: Source,
    val: float = 0.2,
    val_seed: int = 0,
    val_groups: Sequence[str] | None = None,
    val_list: Path | None = None,
    train_list: Path | None = None,
) -> tuple[list[str], list[str]]:
    """Divide the images into the training pool and validation.

    Args:
        source: The images.
        val: Share of the groups to hold out.
        val_seed: Seed of the draw of these groups.
        val_groups: Groups to hold out, instead of drawn ones.
        val_list: List of the images to hold out, instead of groups.
        train_list: List of the images that are the pool, and that groups are held out from.

    Returns:
        Names of both parts.

    Raises:
        DataError: If groups or names are unknown, or a part is empty.
    """
    group_of = source.group_of
    pool = list(group_of)
    if train_list:
        pool = listed_names(train_list, group_of, source.folder)
    if val_list:
        validation = listed_names(val_list, group_of, source.folder)
        held = {group_of[name] for name in validation}
        # a list that is given is taken as it is, and fails the proof if it has to
        train = pool if train_list else [name for name in pool if group_of[name] not in held]
    else:
        groups = dict.fromkeys(group_of[name] for name in pool)
        wanted = {source.united.get(group, group) for group in val_groups or ()}
        if unknown := sorted(wanted - set(groups)):
            raise DataError(f'groups to hold out {unknown} are not among {sorted(groups)}')
        held = set(wanted or hold_out_groups(groups, val, val_seed))
        train = [name for name in pool if group_of[name] not in held]
        validation = [name for name in pool if group_of[name] in held]
    if not train or not validation:
        raise DataError(
            f'{len(train)} images to train on, {len(validation)} to validate: both need some'
        )
    return train, validation
