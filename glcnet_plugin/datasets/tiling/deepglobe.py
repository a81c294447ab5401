"""Convert DeepGlobe Land Cover, as published, to a labelled folder."""

from pathlib import Path

from glcnet_plugin.datasets.deepglobe import DeepGlobeDataset
from glcnet_plugin.datasets.io.masks import IGNORE, palette_ids
from glcnet_plugin.datasets.tiling.archives import choose, list_files
from glcnet_plugin.datasets.tiling.recipe import Recipe, Scene, Summary
from glcnet_plugin.datasets.tiling.tiler import cut_scenes
from glcnet_plugin.errors import DataError


def convert_deepglobe(
    source: Path, out: Path, tile: int = 256, workers: int | None = None
) -> Summary:
    """Convert all images that have a mask.

    Args:
        source: Published folder or zip.
        out: Labelled folder to write.
        tile: Side of a tile in pixels; 0 copies the JPEGs as they are.
        workers: See :func:`cut_scenes`.

    Returns:
        What was done.

    Raises:
        DataError: If there is no image with a mask.
    """
    files = list_files(source)
    images, masks = choose(files, '*_sat.jpg'), choose(files, '*_mask.png')
    names = [name.removesuffix('_sat.jpg') for name in images]
    labelled = [name for name in names if f'{name}_mask.png' in masks]
    if not labelled:
        raise DataError(
            f'{source} holds {len(images)} files <id>_sat.jpg and {len(masks)} <id>_mask.png, none '
            'of one id: give the published training folder or zip'
        )
    if lone := len(names) - len(labelled):
        print(f'{lone} images without a mask are left out')
    scenes = [
        Scene(name, name, images[f'{name}_sat.jpg'], masks[f'{name}_mask.png']) for name in labelled
    ]
    meta = DeepGlobeDataset.METAINFO
    # the publisher says that channels may be off 0 and 255, with the threshold at 128
    colours = palette_ids(meta['palette']) | {(0, 0, 0): IGNORE}
    recipe = Recipe(meta['classes'], meta['palette'], tile, colours, snap=True)
    return cut_scenes(scenes, recipe, out, workers=workers)
