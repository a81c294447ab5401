"""Cut a folder of large images, with or without labels, into a folder of tiles."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glcnet_plugin.datasets.io.folder_format import (
    image_files,
    mask_file,
    read_classes,
    read_manifest,
)
from glcnet_plugin.datasets.io.images import image_info
from glcnet_plugin.datasets.io.masks import palette_ids
from glcnet_plugin.datasets.tiling.recipe import Recipe, Scene, Summary
from glcnet_plugin.datasets.tiling.scene_records import RECORDS
from glcnet_plugin.datasets.tiling.tiler import cut_scenes
from glcnet_plugin.errors import DataError


def folder_scenes(source: Path, labelled: bool = True) -> list[Scene]:
    """List the images of a folder.

    Args:
        source: The folder, with the images in ``images/`` or, without labels, in itself.
        labelled: Whether every image has a mask.

    Returns:
        The images in the order of the manifest; without one, each is a group of its own.

    Raises:
        DataError: If there is no image, or an image or a mask is missing.
    """
    folder = source / 'images'
    images = image_files(folder if labelled or folder.is_dir() else source)
    if not images:
        raise DataError(f'{folder if folder.is_dir() else source} holds no images to cut')
    described = (source / 'manifest.csv').is_file() or (source / RECORDS).is_dir()
    scenes = []
    for row in read_manifest(source) if described else [{'name': name} for name in images]:
        name = row['name']
        mask = mask_file(source, name) if labelled else None
        if name not in images or (mask and not mask.is_file()):
            raise DataError(
                f'{source} lacks the image or the mask of {name!r}: add images/{name}.* and '
                f'masks/{name}.png (or .tif), or take the row out of manifest.csv'
            )
        group = row.get('group') or name
        scenes.append(Scene(name, group, str(images[name]), str(mask) if mask else None))
    return scenes


def cut_folder(
    source: Path,
    out: Path,
    tile: int = 256,
    workers: int | None = None,
    alpha: str = 'data',
    reduce_zero_label: bool = False,
    labelled_only: bool = False,
) -> Summary:
    """Cut all images of a folder.

    Args:
        source: The folder; it is labelled if it has ``classes.json`` or ``masks``. Masks of another
            CRS or size are brought to the grids of their images.
        out: Folder to write.
        tile: Side of a tile in pixels; 0 leaves images whole.
        workers: See :func:`cut_scenes`.
        alpha: What a band marked as alpha is, see :func:`read_raster`: 'data' or 'mask'.
        reduce_zero_label: Masks hold 0 for no data and 1..N for the classes; also where
            ``classes.json`` says so. The masks of the tiles hold 0..N-1.
        labelled_only: Leave tiles out whose pixels are all ignored.

    Returns:
        What was done.

    Raises:
        DataError: If something is missing, image, mask and tile do not fit, two classes of
            coloured masks have one colour, or the folder to write is the source.
    """
    if not source.is_dir():
        raise DataError(f'cannot cut {source}: it is not a folder')
    if out.resolve() == source.resolve():
        raise DataError(f'{out} is the source: give another folder to write')
    labelled = any((source / name).exists() for name in ('classes.json', 'masks'))
    if not labelled:
        recipe = Recipe((), (), tile, alpha=alpha, labelled_only=labelled_only)
        return cut_scenes(folder_scenes(source, labelled=False), recipe, out, workers=workers)
    meta = read_classes(source)
    scenes = folder_scenes(source)
    # masks are all of one kind: ids, or the colours that classes.json lists
    coloured = bool(scenes) and image_info(str(scenes[0].mask), 'indices').bands >= 3
    if coloured:
        _require_own_colours(meta, source)
    colours = palette_ids(meta['palette']) if coloured else None
    ignored = () if coloured else (meta['ignore_index'],)
    recipe = Recipe(
        meta['classes'], meta['palette'], tile, colours, ignored,
        reduce_zero_label=meta['reduce_zero_label'] or reduce_zero_label,
        mapping=meta['mapping'], alpha=alpha, labelled_only=labelled_only,
    )  # fmt: skip
    return cut_scenes(scenes, recipe, out, workers=workers)


def _require_own_colours(meta: Mapping[str, Any], source: Path) -> None:
    """Raise DataError if two classes have one colour, by which masks could not tell them apart."""
    named: dict[tuple[int, ...], str] = {}
    for name, colour in zip(meta['classes'], map(tuple, meta['palette']), strict=True):
        if colour in named:
            raise DataError(
                f'{source / "classes.json"} gives {named[colour]!r} and {name!r} one colour, '
                f'#{bytes(colour).hex().upper()}, by which the coloured masks tell classes: give '
                'each its own'
            )
        named[colour] = name
