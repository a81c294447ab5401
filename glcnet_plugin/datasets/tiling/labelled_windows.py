"""Which tiles of a scene show a label."""

from collections.abc import Mapping

from glcnet_plugin.datasets.io.masks import IGNORE, OddColours
from glcnet_plugin.datasets.io.rasters import Window
from glcnet_plugin.datasets.tiling.recipe import Recipe, Scene
from glcnet_plugin.datasets.tiling.scene_rows import id_rows


def labelled_windows(
    scene: Scene, recipe: Recipe, windows: Mapping[str, Window]
) -> dict[str, Window]:
    """Windows of a scene that hold a class somewhere.

    Args:
        scene: The scene.
        recipe: How its mask is read.
        windows: Name and place of each tile, from the top downwards.

    Returns:
        Those with a pixel that is not ignored; none of a scene without a mask.

    Raises:
        DataError: If the mask cannot be read or holds what is no class.
    """
    if scene.mask is None:
        return {}
    labels = id_rows(scene.mask, recipe.rule, recipe.colours, recipe.snap, OddColours())
    return {
        name: (y, x, height, width)
        for name, (y, x, height, width) in windows.items()
        if (labels.window(y, height)[:, x : x + width] != IGNORE).any()
    }
