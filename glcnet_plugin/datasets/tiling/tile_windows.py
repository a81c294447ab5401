"""Where a scene is cut, after a look at the headers of its image and mask."""

from collections.abc import Collection
from dataclasses import replace

from mmengine.logging import print_log

from glcnet_plugin.datasets.io.alignment import misplacement
from glcnet_plugin.datasets.io.images import image_info
from glcnet_plugin.datasets.io.rasters import Window
from glcnet_plugin.datasets.io.warping import has_other_grid, require_common_ground, warped_labels
from glcnet_plugin.datasets.tiling.recipe import Scene
from glcnet_plugin.errors import DataError
from glcnet_plugin.geometry import window_starts


def on_one_grid(scene: Scene, mapped: Collection[int] = ()) -> Scene:
    """Bring the mask of a scene to the grid of its image where it has another CRS or size.

    Args:
        scene: The image and its mask.
        mapped: See :func:`warped_labels`.

    Returns:
        The scene; its mask is nodata where the labels do not reach.

    Raises:
        DataError: If they have no ground in common; see also :func:`warped_labels`.
    """
    if scene.mask is None:
        return scene
    image, mask = image_info(scene.image), image_info(scene.mask, 'indices')
    if not has_other_grid(mask, image):
        return scene
    require_common_ground(scene.mask, mask, image)
    print_log(
        f'{scene.mask} ({mask.crs}, {mask.height}x{mask.width} px) is brought to the grid of '
        f'{scene.image} ({image.crs}, {image.height}x{image.width} px) by the nearest pixel'
    )
    return replace(scene, mask=warped_labels(scene.mask, image, mapped))


def tile_windows(scene: Scene, tile: int) -> dict[str, Window]:
    """Name and place of each tile, from the top downwards.

    Args:
        scene: The image and its mask.
        tile: Side of a tile in pixels; 0 for one window.

    Returns:
        The windows.

    Raises:
        DataError: If the mask does not lie on the pixels of the image, or the image is smaller
            than a tile.
    """
    info = image_info(scene.image)
    size = f'{info.height}x{info.width} px'
    if scene.mask is not None:
        mask = image_info(scene.mask)
        if (mask.height, mask.width) != (info.height, info.width):
            raise DataError(
                f'{scene.image} is {size}, its mask {scene.mask} is {mask.height}x{mask.width} '
                'px: they must show the same pixels; replace the wrong one or leave both out'
            )
        if text := misplacement(info, mask):
            raise DataError(f'{scene.mask} does not lie on {scene.image}: {text}')
    if not tile:
        return {scene.name: (0, 0, info.height, info.width)}
    if min(info.height, info.width) < tile:
        raise DataError(
            f'{scene.image} is {size}, smaller than a tile of {tile}: choose smaller tiles, or '
            'leave the image out'
        )
    return {
        f'{scene.name}_{y:05d}_{x:05d}': (y, x, tile, tile)
        for y in window_starts(info.height, tile, tile)
        for x in window_starts(info.width, tile, tile)
    }
