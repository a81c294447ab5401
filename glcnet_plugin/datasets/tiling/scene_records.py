"""What the tiler keeps in the folder that it writes, so that a stopped run goes on."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from glcnet_plugin.datasets.io.images import IMAGE_SUFFIXES
from glcnet_plugin.datasets.io.side_files import files_of
from glcnet_plugin.datasets.tiling.archives import stamp
from glcnet_plugin.datasets.tiling.folder_writer import write_json
from glcnet_plugin.datasets.tiling.recipe import Scene
from glcnet_plugin.errors import DataError

RECORDS = '.done'  # folder in the output: the settings, and a record per scene


def record_file(out: Path, name: str) -> Path:
    """Record of a scene, finished or begun."""
    return out / RECORDS / f'{name}.json'


def stamps(scene: Scene) -> list[list[int]]:
    """What tells whether the files of a scene have changed, with those that are read along."""
    return [
        [number for file in files_of(path) for number in stamp(file)]
        for path in (scene.image, scene.mask)
        if path is not None
    ]


def is_done(scene: Scene, out: Path) -> bool:
    """Whether an earlier run has finished a scene whose files are still the same."""
    path = record_file(out, scene.name)
    return path.is_file() and json.loads(path.read_text('utf-8'))['stamps'] == stamps(scene)


def begin_record(out: Path, name: str, tiles: Iterable[str], beside: Iterable[str]) -> None:
    """Remove what an earlier cut of a scene has written, and note what this one may write.

    Args:
        out: The folder.
        name: Name of the scene.
        tiles: Names of its tiles.
        beside: Names of the files that are copied with a whole image.
    """
    path = record_file(out, name)
    if path.is_file():
        earlier = json.loads(path.read_text('utf-8'))
        tile_names = [row['name'] for row in earlier['rows']]
        images = [f'{tile}{suffix}' for tile in tile_names for suffix in IMAGE_SUFFIXES]
        for file in (*images, *earlier.get('beside', ())):
            (out / 'images' / file).unlink(missing_ok=True)
        for tile in tile_names:
            (out / 'masks' / f'{tile}.png').unlink(missing_ok=True)
    rows = [{'name': tile} for tile in tiles]
    write_json(path, {'stamps': None, 'rows': rows, 'beside': list(beside)})


def require_apart(scenes: Iterable[Scene], out: Path) -> None:
    """Raise DataError if scenes lie where their tiles would be written."""
    folders = {(out / name).resolve() for name in ('images', 'masks')}
    parents = {
        Path(path).parent: path for s in scenes for path in (s.image, s.mask) if path is not None
    }
    for parent, path in parents.items():
        if parent.resolve() in folders:
            raise DataError(f'{path} lies where {out} gets its tiles: give another folder to write')


def keep_settings(out: Path, settings: dict[str, Any]) -> None:
    """Store the settings of a folder.

    Args:
        out: The folder.
        settings: See :meth:`Recipe.settings`.

    Raises:
        DataError: If the folder was begun with other settings, or has labels or a manifest and was
            not begun by the tiler.
    """
    path = out / RECORDS / 'settings.json'
    if not path.is_file():
        for found in (out / 'manifest.csv', out / 'classes.json', *(out / 'masks').glob('*')):
            if found.exists():
                raise DataError(
                    f'{found} is there and not of this tool, which would replace it: give '
                    'another folder to write'
                )
        write_json(path, settings)
    earlier = json.loads(path.read_text('utf-8'))
    for key in sorted({*earlier, *settings}):
        if earlier.get(key) != settings.get(key):
            raise DataError(
                f'{out} was begun with {key} = {earlier.get(key)}, now {settings.get(key)} is '
                'wanted: use another folder, or remove this one'
            )
