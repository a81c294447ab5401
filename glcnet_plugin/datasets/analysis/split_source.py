"""The images of a folder, their groups, and how they are divided by ground."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from glcnet_plugin.datasets.analysis.geo_overlap import components, groups_by_overlap
from glcnet_plugin.datasets.analysis.splits import hold_out_groups
from glcnet_plugin.datasets.io.folder_format import (
    image_files,
    listed_names,
    read_classes,
    read_manifest,
)
from glcnet_plugin.datasets.io.images import ImageInfo, image_info
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
    counts: dict[str, NDArray[Any]] = field(default_factory=dict)  # pixels per class of each

    @property
    def group_of(self) -> dict[str, str]:
        """Group of each image."""
        return {row['name']: row['group'] for row in self.rows}


def read_rows(folder: Path, column: str | None) -> tuple[list[dict[str, str]], dict[str, Path]]:
    """Read names and groups of the images of a folder.

    Args:
        folder: The folder.
        column: Column of the manifest with the groups; None for ``group`` where there is one.

    Returns:
        The manifest rows with a ``group`` each, and the image files by name.

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
    if column is not None and column not in rows[0]:
        raise DataError(f'{folder}: no column {column!r} of groups among {list(rows[0])}')
    for row in rows:
        row['group'] = row.get(column or 'group') or row.get('source') or row['name']
    return rows, {row['name']: files[row['name']] for row in rows}


def read_source(folder: Path, column: str | None, extents: bool) -> Source:
    """Read what is known about the images of a folder.

    Args:
        folder: The folder.
        column: See :func:`read_rows`.
        extents: Unite groups whose images overlap on the ground.

    Returns:
        Rows and headers; no class counts yet.
    """
    rows, files = read_rows(folder, column)
    source = Source(rows, folder)
    if extents:
        infos = list(parallel_map(image_info, files.values(), len(files), 'reading extents'))
        located = groups_by_overlap(infos)
        places = [ground or row['name'] for ground, row in zip(located, rows, strict=True)]
        first: dict[tuple[str, str], int] = {}
        edges = []
        for index, row in enumerate(rows):
            for key in (('group', row['group']), ('place', places[index])):
                edges.append((first.setdefault(key, index), index))
        names = [row['group'] for row in rows]
        for row, root in zip(rows, components(len(rows), edges), strict=True):
            source.united[row['group']] = row['group'] = names[root]
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
