"""Which files of a folder the burning of labels may replace."""

import json
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from glcnet_plugin.datasets.io.folder_format import mask_file, read_manifest
from glcnet_plugin.datasets.tiling.folder_writer import write_json
from glcnet_plugin.datasets.tiling.scene_records import RECORDS
from glcnet_plugin.errors import DataError


def begin_folder(out: Path, scenes: Collection[str], force: bool) -> None:
    """Remove the masks and links of an earlier run, and note which masks are written now.

    The note stays where a run is killed, so that the next one tells its masks from those that
    were made by hand.

    Args:
        out: The folder.
        scenes: Names of the scenes.
        force: Replace what is there.

    Raises:
        DataError: Without ``force``, if the folder is complete, or has ``classes.json`` or masks
            of these scenes that were made in another way. Nothing is written or removed then.
    """
    note = _note(out)
    begun = json.loads(note.read_text('utf-8'))['scenes'] if note.is_file() else None
    complete = (out / 'manifest.csv').exists()
    if complete and not force:
        raise DataError(
            f'{out} is a labelled folder: choose another one, or replace its masks by --force'
        )
    there = [mask_file(out, name) for name in scenes if name not in (begun or ())]
    there += [out / 'classes.json'] if begun is None else []
    if not force and (kept := [path for path in there if path.exists()]):
        raise DataError(
            f'{kept[0]} is there, and was made in another way: choose another folder, or replace '
            'it by --force'
        )
    names = {*(begun or ()), *((row['name'] for row in read_manifest(out)) if complete else ())}
    write_json(note, {'scenes': sorted(scenes)})
    (out / 'manifest.csv').unlink(missing_ok=True)  # it says that a folder is complete
    for name in names:
        (out / 'masks' / f'{name}.tif').unlink(missing_ok=True)
    for link in (out / 'images').glob('*') if complete or begun else ():
        if link.is_symlink():
            link.unlink()


def end_folder(out: Path) -> None:
    """Remove the note of :func:`begin_folder`."""
    _note(out).unlink()
    with suppress(OSError):  # records of another tool
        (out / RECORDS).rmdir()


def _note(out: Path) -> Path:
    """Where the scenes of a run are noted that has not ended."""
    return out / RECORDS / 'rasterize.json'
