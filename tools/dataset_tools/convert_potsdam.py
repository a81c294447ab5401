"""Turn ISPRS Potsdam, as published, into a labelled folder of tiles with the official split.

SOURCE holds the archives 2_Ortho_RGB.zip, 3_Ortho_IRRG.zip or 4_Ortho_RGBIR.zip and
5_Labels_all.zip or 5_Labels_all_noBoundary.zip, or what they unpack to. With --labels noBoundary
the pixels at the edges of objects, which are black there, are ignored.

Example:
    python tools/dataset_tools/convert_potsdam.py Potsdam data/potsdam_256 --bands RGBIR
"""

import re
from collections.abc import Mapping
from pathlib import Path

from archives import choose, list_files
from cli import add_tile, run_tool, tool_parser
from tiler import Recipe, Scene, Summary, cut_scenes

from glcnet_plugin.datasets.isprs import ISPRS, PotsdamDataset
from glcnet_plugin.datasets.masks import IGNORE, palette_ids
from glcnet_plugin.errors import DataError

BANDS = {'RGB': ('R', 'G', 'B'), 'IRRG': ('IR', 'R', 'G'), 'RGBIR': ('R', 'G', 'B', 'IR')}
MASKS = {'all': 'label', 'noBoundary': 'label_noBoundary'}


def isprs_recipe(tile: int, labels: str, band_names: tuple[str, ...]) -> Recipe:
    """Recipe for both cities.

    Args:
        tile: Side of a tile in pixels; 0 leaves scenes whole.
        labels: 'all' or 'noBoundary'.
        band_names: Names of the bands.

    Returns:
        The recipe. Some published masks went through a lossy format: colours are snapped.
    """
    colours = palette_ids(ISPRS['palette'])
    if labels == 'noBoundary':
        colours[0, 0, 0] = IGNORE
    return Recipe(
        ISPRS['classes'], ISPRS['palette'], tile, colours, snap=True, band_names=band_names,
        options={'labels': labels},
    )  # fmt: skip


def pair_scenes(images: Mapping[str, str], masks: Mapping[str, str], wanted: str) -> list[Scene]:
    """Pair images and masks; what has no partner is reported and left out.

    Args:
        images: Path of each scene.
        masks: Path of the mask of each scene.
        wanted: What was looked for, for the error.

    Returns:
        The scenes that have both, in the order of the numbers in their names.

    Raises:
        DataError: If there is none.
    """
    if not images.keys() & masks.keys():
        raise DataError(f'no scene has both an image and a mask: looked for {wanted}')

    def numbers(name: str) -> list[int]:
        return [int(number) for number in re.findall(r'\d+', name)]

    for what, lone in (
        ('images have no mask', images.keys() - masks.keys()),
        ('masks have no image', masks.keys() - images.keys()),
    ):
        if lone:
            print(f'{len(lone)} {what} and are left out: {", ".join(sorted(lone, key=numbers))}')
    return [
        Scene(name, name, images[name], masks[name])
        for name in sorted(images.keys() & masks.keys(), key=numbers)
    ]


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
