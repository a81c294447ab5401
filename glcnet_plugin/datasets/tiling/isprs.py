"""What the converters of ISPRS Potsdam and Vaihingen share."""

import re
from collections.abc import Mapping

from glcnet_plugin.datasets.io.masks import IGNORE, palette_ids
from glcnet_plugin.datasets.isprs import ISPRS
from glcnet_plugin.datasets.tiling.recipe import Recipe, Scene
from glcnet_plugin.errors import DataError


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
        wanted: Which files were looked for, for the error.

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
