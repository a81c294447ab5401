"""Convert ISPRS Vaihingen, as published, to a labelled folder."""

import re
from pathlib import Path

from glcnet_plugin.datasets.isprs import VaihingenDataset
from glcnet_plugin.datasets.tiling.archives import choose, list_files
from glcnet_plugin.datasets.tiling.isprs import isprs_recipe, pair_scenes
from glcnet_plugin.datasets.tiling.recipe import Summary
from glcnet_plugin.datasets.tiling.tiler import cut_scenes

BANDS = ('IR', 'R', 'G')
ENDS = {'all': '', 'noBoundary': '_noBoundary'}


def convert_vaihingen(
    source: Path,
    out: Path,
    tile: int = 256,
    labels: str = 'all',
    workers: int | None = None,
) -> Summary:
    """Convert all scenes.

    Args:
        source: Folder with the published archives or what they unpack to.
        out: Labelled folder to write.
        tile: Side of a tile in pixels; 0 leaves scenes whole.
        labels: 'all' or 'noBoundary'.
        workers: See :func:`cut_scenes`.

    Returns:
        What was done.

    Raises:
        DataError: If there is no scene with a mask, or a scene cannot be cut.
    """
    files, name = list_files(source), 'top_mosaic_09cm_area'
    official = {*VaihingenDataset.TRAIN_SCENES, *VaihingenDataset.TEST_SCENES}

    def areas(end: str, folder: str) -> dict[str, str]:
        """Paths of the official areas whose folders match."""
        pattern = re.compile(folder, re.I)
        chosen = choose(files, f'{name}*{end}.tif', lambda place: bool(pattern.match(place)))
        paths = {file[len(name) : -len(f'{end}.tif')]: path for file, path in chosen.items()}
        return {area: path for area, path in paths.items() if area in official}

    end = ENDS[labels]
    # the complete ground truth, which may lie beside 'top', holds the scenes of 'gts' again
    masks = areas(end, '.*gts[^/]*/') | areas(end, '(?!(.*/)?top/|.*gts[^/]*/)')
    scenes = pair_scenes(
        areas('', '(.*/)?top/'),
        masks,
        f'top/{name}N.tif, and {name}N{end}.tif outside of a folder named "top", in {source}',
    )
    splits = {'train': VaihingenDataset.TRAIN_SCENES, 'val': VaihingenDataset.TEST_SCENES}
    recipe = isprs_recipe(tile, labels, BANDS)
    return cut_scenes(scenes, recipe, out, splits, workers)
