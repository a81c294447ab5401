"""Cut labelled scenes of any size into tiles; a run that was stopped goes on where it was."""

import json
import time
from collections import Counter, deque
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.errors import RasterioError

from glcnet_plugin.datasets.io.masks import OddColours
from glcnet_plugin.datasets.io.rasters import Window
from glcnet_plugin.datasets.io.side_files import files_beside
from glcnet_plugin.datasets.tiling.archives import copy_file
from glcnet_plugin.datasets.tiling.folder_writer import (
    write_description,
    write_image,
    write_json,
    write_list,
    write_mask,
)
from glcnet_plugin.datasets.tiling.gaps import marked_gaps
from glcnet_plugin.datasets.tiling.labelled_windows import labelled_windows
from glcnet_plugin.datasets.tiling.recipe import Recipe, Scene, Summary
from glcnet_plugin.datasets.tiling.scene_records import (
    begin_record,
    is_done,
    keep_settings,
    record_file,
    require_apart,
    stamps,
)
from glcnet_plugin.datasets.tiling.scene_rows import (
    id_rows,
    image_rows,
    is_empty,
    missing_rows,
    moved,
    place_columns,
    placement,
)
from glcnet_plugin.datasets.tiling.tile_windows import on_one_grid, tile_windows
from glcnet_plugin.errors import DataError
from glcnet_plugin.utils.parallel import parallel_map


def cut_scenes(
    scenes: Sequence[Scene],
    recipe: Recipe,
    out: Path,
    splits: Mapping[str, Collection[str]] | None = None,
    workers: int | None = None,
) -> Summary:
    """Cut scenes into a labelled folder, on all cores; finished ones are not cut again.

    Args:
        scenes: The scenes, in the order of the manifest.
        recipe: What to make of them.
        out: Folder to write.
        splits: Names of scenes by part: their tiles are listed in ``splits/PART.txt``.
        workers: See :func:`parallel_map`.

    Returns:
        What was done.

    Raises:
        DataError: If there is no scene, a scene cannot be cut or lies in the folder, or the
            folder was begun with other settings or by something else. What is finished stays
            finished.
    """
    begin = time.monotonic()
    if twice := [
        name for name, n in Counter(['settings', *(s.name for s in scenes)]).items() if n > 1
    ]:
        raise DataError(f'scenes need names of their own, {twice[:3]} occur more than once')
    if not scenes:
        raise DataError('there are no scenes to cut')
    require_apart(scenes, out)
    keep_settings(out, recipe.settings())
    todo = [scene for scene in scenes if not is_done(scene, out)]
    if todo:  # the manifest says that a folder is complete
        (out / 'manifest.csv').unlink(missing_ok=True)
    job = partial(cut_scene, recipe=recipe, out=out)
    try:
        deque(parallel_map(job, todo, len(todo), 'cutting scenes', workers) if todo else (), 0)
    except BrokenProcessPool as error:
        raise DataError(
            'a worker process was killed, most likely because memory ran out: run it again '
            'with fewer --workers; finished scenes are kept'
        ) from error
    records = [json.loads(record_file(out, scene.name).read_text('utf-8')) for scene in scenes]
    _describe(recipe, out, {s.name: r for s, r in zip(scenes, records, strict=True)}, splits or {})
    pixels, odd = Counter[int](), OddColours()
    for record in records:
        pixels.update({int(index): count for index, count in record['pixels'].items()})
        odd.update(record['unknown'], record['snapped'])
    return Summary(
        out, recipe, len(scenes), len(scenes) - len(todo), sum(len(r['rows']) for r in records),
        sum(record['empty'] for record in records), pixels, odd, time.monotonic() - begin,
    )  # fmt: skip


def cut_scene(scene: Scene, recipe: Recipe, out: Path) -> None:
    """Cut a scene and write its record, which marks it as finished.

    Args:
        scene: The scene.
        recipe: What to make of it.
        out: Folder to write.

    Raises:
        DataError: If image and mask do not fit each other or the tile, or a file cannot be
            read or written; names it.
    """
    state = stamps(scene)  # taken first: what changes meanwhile is cut again
    scene = on_one_grid(scene, recipe.mapping)
    windows = tile_windows(scene, recipe.tile)
    wanted = labelled_windows(scene, recipe, windows) if recipe.labelled_only else windows
    for folder in ('images', 'masks') if scene.mask else ('images',):
        (out / folder).mkdir(parents=True, exist_ok=True)
    copies = _copies(scene, recipe) if wanted else {}
    beside = [*copies][1:]
    begin_record(out, scene.name, wanted, beside)
    try:
        place = placement(scene.image, recipe.bands, recipe.alpha)
        for name, address in copies.items():
            copy_file(address, out / 'images' / name)
        kept = [*wanted] if copies else _cut_image(scene, recipe, out, wanted, place)
        pixels, odd = _cut_mask(scene, recipe, out, windows, kept)
    except (OSError, RasterioError) as error:
        raise DataError(f'cannot cut {scene.image} into {out}: {error}') from error
    rows = []
    for name in kept:
        y, x = windows[name][:2]
        origin = {'source': scene.name, 'y': y, 'x': x} if recipe.tile else {}
        where = place_columns(place, windows[name])
        rows.append({'name': name, 'group': scene.group, **origin, **scene.extra, **where})
    empty = len(windows) - len(kept)
    record = {'stamps': state, 'pixels': pixels, **vars(odd), 'empty': empty, 'rows': rows}
    record |= {'beside': beside} if beside else {}
    write_json(record_file(out, scene.name), record)


def _copies(scene: Scene, recipe: Recipe) -> dict[str, str]:
    """Files to copy where an image stays as it is, with their names: first the image itself."""
    changed = recipe.bands is not None or recipe.band_names or recipe.alpha != 'data'
    suffix = Path(scene.image).suffix.lower()
    if recipe.tile or changed or suffix == '.vrt':  # whose sources lie elsewhere
        return {}
    name = f'{scene.name}{suffix}'
    return {name: scene.image, **files_beside(scene.image, name)}


def _cut_image(
    scene: Scene,
    recipe: Recipe,
    out: Path,
    windows: Mapping[str, Window],
    place: Mapping[str, Any],
) -> list[str]:
    """Write the tiles of the image; returns the names of those that are not all nodata."""
    if recipe.band_names:
        place = {**place, 'band_names': recipe.band_names}
    image = image_rows(scene.image, recipe.bands, recipe.alpha)
    gaps = missing_rows(scene.image, recipe.bands, recipe.alpha)
    kept = []
    for name, window in windows.items():
        y, x, height, width = window
        part = np.ascontiguousarray(image.window(y, height)[:, x : x + width])
        if recipe.band_names and len(recipe.band_names) != part.shape[2]:
            raise DataError(
                f'{scene.image} has {part.shape[2]} bands, {list(recipe.band_names)} are expected'
            )
        missing = None if gaps is None else gaps.window(y, height)[:, x : x + width]
        empty = missing is not None and missing.all()
        if recipe.tile and (empty or is_empty(part, place.get('nodata'))):
            continue
        kept.append(name)
        marks: dict[str, Any] = {}
        if missing is not None and missing.any() and 'nodata' not in place:
            part, marks = marked_gaps(part, missing, scene.image)  # else the values say it
        write_image(out / 'images' / name, part, **marks, **moved(place, window))
    return kept


def _cut_mask(
    scene: Scene,
    recipe: Recipe,
    out: Path,
    windows: Mapping[str, Window],
    kept: Collection[str],
) -> tuple[dict[str, int], OddColours]:
    """Write the tiles of the mask; returns the pixels of the scene by id and of odd colours."""
    pixels, odd, counted = np.zeros(256, np.int64), OddColours(), 0
    wanted = set(kept)
    if scene.mask is None:
        return {}, odd
    labels = id_rows(scene.mask, recipe.rule, recipe.colours, recipe.snap, odd)
    for name, (y, x, height, width) in windows.items():
        ids = labels.window(y, height)
        if y + height > counted:  # neighbours share pixels, each is counted once
            pixels += np.bincount(ids[counted - y :].ravel(), minlength=256)
            counted = y + height
        if name in wanted:
            part = np.ascontiguousarray(ids[:, x : x + width])
            write_mask(out / 'masks' / f'{name}.png', part, recipe.palette)
    return {str(index): int(pixels[index]) for index in np.flatnonzero(pixels)}, odd


def _describe(
    recipe: Recipe,
    out: Path,
    records: Mapping[str, Mapping[str, Any]],
    splits: Mapping[str, Collection[str]],
) -> None:
    """Write the lists of the splits and the description of the folder."""
    for part, wanted in splits.items():
        listed = [record for scene, record in records.items() if scene in wanted]
        write_list(
            out / 'splits' / f'{part}.txt', [row['name'] for r in listed for row in r['rows']]
        )
    rows = [row for record in records.values() for row in record['rows']]
    if not rows:
        raise DataError(
            f'all {sum(record["empty"] for record in records.values())} tiles are nodata'
            f'{" or without a label" if recipe.labelled_only else ""}, so {out} would be empty: '
            'correct the nodata value or the mask of the images'
        )
    write_description(out, recipe.classes, recipe.palette, rows)
