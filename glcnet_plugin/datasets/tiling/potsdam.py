"""Convert ISPRS Potsdam, as published, to a labelled folder."""

from pathlib import Path

from glcnet_plugin.datasets.isprs import PotsdamDataset
from glcnet_plugin.datasets.tiling.archives import choose, list_files
from glcnet_plugin.datasets.tiling.isprs import isprs_recipe, pair_scenes
from glcnet_plugin.datasets.tiling.recipe import Summary
from glcnet_plugin.datasets.tiling.tiler import cut_scenes

BANDS = {'RGB': ('R', 'G', 'B'), 'IRRG': ('IR', 'R', 'G'), 'RGBIR': ('R', 'G', 'B', 'IR')}
MASKS = {'all': 'label', 'noBoundary': 'label_noBoundary'}


def convert_potsdam(
    source: Path,
    out: Path,
    tile: int = 256,
    bands: str = 'RGB',
    labels: str = 'all',
    workers: int | None = None,
) -> Summary:
    """Convert all scenes.

    Args:
        source: Folder with the published archives or what they unpack to.
        out: Labelled folder to write.
        tile: Side of a tile in pixels; 0 leaves scenes whole.
        bands: 'RGB', 'IRRG' or 'RGBIR'.
        labels: 'all' or 'noBoundary'.
        workers: See :func:`cut_scenes`.

    Returns:
        What was done.

    Raises:
        DataError: If there is no scene with a mask, or a scene cannot be cut.
    """
    files, start = list_files(source), len('top_potsdam_')
    image_end, mask_end = f'_{bands}.tif', f'_{MASKS[labels]}.tif'
    images, masks = (
        {name[start : -len(end)]: path for name, path in
         choose(files, f'top_potsdam_[0-9]*_[0-9]*{end}').items()}
        for end in (image_end, mask_end)
    )  # fmt: skip
    scenes = pair_scenes(
        images, masks, f'top_potsdam_X_Y{image_end} and top_potsdam_X_Y{mask_end} in {source}'
    )
    splits = {'train': PotsdamDataset.TRAIN_SCENES, 'val': PotsdamDataset.TEST_SCENES}
    return cut_scenes(scenes, isprs_recipe(tile, labels, BANDS[bands]), out, splits, workers)
