"""Convert the Dubai aerial imagery dataset, as published, to a labelled folder."""

import re
from pathlib import Path

from glcnet_plugin.datasets.dubai import DubaiDataset
from glcnet_plugin.datasets.io.masks import IGNORE, palette_ids
from glcnet_plugin.datasets.tiling.archives import list_files
from glcnet_plugin.datasets.tiling.recipe import Recipe, Scene, Summary
from glcnet_plugin.datasets.tiling.tiler import cut_scenes
from glcnet_plugin.errors import DataError

IMAGE = re.compile(r'(?:.*/)?Tile (\d+)/images/image_part_(\d+)\.jpg')
MASK = re.compile(r'(?:.*/)?Tile (\d+)/masks/image_part_(\d+)\.png')


def dubai_scenes(source: Path) -> list[Scene]:
    """List the published images.

    Args:
        source: Folder or zip with 'Tile 1' ... 'Tile 8'.

    Returns:
        The images, by tile and part.

    Raises:
        DataError: If there is no image, or an image has no mask.
    """
    images: dict[tuple[int, int], str] = {}
    masks: dict[tuple[int, int], str] = {}
    for file in list_files(source):
        for pattern, files in ((IMAGE, images), (MASK, masks)):
            if match := pattern.fullmatch(file.location):
                files.setdefault((int(match[1]), int(match[2])), file.address)
    if not images:
        raise DataError(
            f'{source} holds no "Tile N/images/*.jpg": give the published folder or zip'
        )
    for (tile, part), image in images.items():
        if (tile, part) not in masks:
            raise DataError(f'{image} has no mask "Tile {tile}/masks/image_part_{part:03d}.png"')
    return [
        Scene(f't{tile}_p{part:02d}', DubaiDataset.GROUPS.get(tile, f'tile{tile}'), image,
              masks[tile, part])
        for (tile, part), image in sorted(images.items())
    ]  # fmt: skip


def convert_dubai(source: Path, out: Path, tile: int = 256, workers: int | None = None) -> Summary:
    """Convert all images.

    Args:
        source: Folder or zip with 'Tile 1' ... 'Tile 8'.
        out: Labelled folder to write.
        tile: Side of a tile in pixels; 0 copies the JPEGs as they are.
        workers: See :func:`cut_scenes`.

    Returns:
        What was done.

    Raises:
        DataError: If there is no image, or an image has no mask.
    """
    meta = DubaiDataset.METAINFO
    colours = palette_ids(meta['palette']) | dict.fromkeys(DubaiDataset.UNLABELLED, IGNORE)
    recipe = Recipe(meta['classes'], meta['palette'], tile, colours)
    return cut_scenes(dubai_scenes(source), recipe, out, workers=workers)
