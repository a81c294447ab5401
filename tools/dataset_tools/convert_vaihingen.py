"""Turn ISPRS Vaihingen, as published, into a labelled folder of tiles with the official split.

SOURCE holds ISPRS_semantic_labeling_Vaihingen.zip and, for the masks of all scenes,
..._Vaihingen_ground_truth_COMPLETE.zip or ..._ground_truth_eroded_COMPLETE.zip, or what they
unpack to. Masks have the names of images: images are taken from folders named 'top', masks from
below folders or archives with 'ground_truth' or 'gts' in their names. With --labels noBoundary
the pixels at the edges of objects, which are black there, are ignored.

Example:
    python tools/dataset_tools/convert_vaihingen.py Vaihingen data/vaihingen_256
"""

import re
from pathlib import Path

from glcnet_plugin.datasets.isprs import VaihingenDataset
from glcnet_plugin.datasets.tiling.archives import choose, list_files
from glcnet_plugin.datasets.tiling.isprs import isprs_recipe, pair_scenes
from glcnet_plugin.datasets.tiling.recipe import Summary
from glcnet_plugin.datasets.tiling.tiler import cut_scenes
from glcnet_plugin.utils.cli import add_tile, run_tool, tool_parser

BANDS = ('IR', 'R', 'G')
ENDS = {'all': '', 'noBoundary': '_noBoundary'}


def convert(
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
        """Paths of the official areas below folders of this name."""
        found = choose(
            files, f'{name}*{end}.tif', lambda place: bool(re.search(folder, place, re.I))
        )
        paths = {file[len(name) : -len(f'{end}.tif')]: path for file, path in found.items()}
        return {area: path for area, path in paths.items() if area in official}

    end = ENDS[labels]
    # the complete ground truth holds the scenes of the first archive again
    masks = areas(end, '/?gts[^/]*/') | areas(end, 'ground_truth[^/]*/')
    scenes = pair_scenes(
        areas('', '(^|/)top/'),
        masks,
        f'top/{name}N.tif, and {name}N{end}.tif below a folder or archive with "ground_truth" or '
        f'"gts" in its name, in {source}',
    )
    splits = {'train': VaihingenDataset.TRAIN_SCENES, 'val': VaihingenDataset.TEST_SCENES}
    return cut_scenes(scenes, isprs_recipe(tile, labels, BANDS), out, splits, workers)


def main() -> None:
    """Parse the command line and convert."""
    parser = tool_parser(__doc__, 'folder with the published archives or what they unpack to')
    add_tile(parser)
    parser.add_argument('--labels', choices=ENDS, default='all', help='default: all')
    args = parser.parse_args()
    print('\n'.join(convert(**vars(args)).lines()))


if __name__ == '__main__':
    run_tool(main)
