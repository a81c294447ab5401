"""Turn ISPRS Potsdam, as published, into a labelled folder of tiles with the official split.

SOURCE holds the archives 2_Ortho_RGB.zip, 3_Ortho_IRRG.zip or 4_Ortho_RGBIR.zip and
5_Labels_all.zip or 5_Labels_all_noBoundary.zip, or what they unpack to. With --labels noBoundary
the pixels at the edges of objects, which are black there, are ignored.

Example:
    python tools/dataset_tools/convert_potsdam.py Potsdam data/potsdam_256 --bands RGBIR
"""

from pathlib import Path

from glcnet_plugin.datasets.isprs import PotsdamDataset
from glcnet_plugin.datasets.tiling.archives import choose, list_files
from glcnet_plugin.datasets.tiling.isprs import isprs_recipe, pair_scenes
from glcnet_plugin.datasets.tiling.recipe import Summary
from glcnet_plugin.datasets.tiling.tiler import cut_scenes
from glcnet_plugin.utils.cli import add_tile, run_tool, tool_parser

BANDS = {'RGB': ('R', 'G', 'B'), 'IRRG': ('IR', 'R', 'G'), 'RGBIR': ('R', 'G', 'B', 'IR')}
MASKS = {'all': 'label', 'noBoundary': 'label_noBoundary'}


def convert(
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


def main() -> None:
    """Parse the command line and convert."""
    parser = tool_parser(__doc__, 'folder with the published archives or what they unpack to')
    add_tile(parser)
    parser.add_argument('--bands', choices=BANDS, default='RGB', help='default: RGB')
    parser.add_argument('--labels', choices=MASKS, default='all', help='default: all')
    args = parser.parse_args()
    print('\n'.join(convert(**vars(args)).lines()))


if __name__ == '__main__':
    run_tool(main)
