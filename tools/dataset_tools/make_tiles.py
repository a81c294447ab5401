"""Cut a labelled folder of large images into a labelled folder of tiles.

Example:
    python tools/dataset_tools/make_tiles.py data/dubai data/dubai_256 --tile 256
"""

import argparse
from pathlib import Path
from typing import Any

from folder_layout import read_mask, tile_origins, write_description, write_image, write_mask
from rich.progress import track

from glcnet_plugin.datasets.segmentation import read_classes, read_manifest
from glcnet_plugin.datasets.transforms.loading import read_image
from glcnet_plugin.errors import DataError


def cut_image(source: Path, out: Path, row: dict[str, str], tile: int) -> list[dict[str, Any]]:
    """Cut one image and its mask.

    Args:
        source: Labelled folder.
        out: Folder that receives ``images`` and ``masks``.
        row: Manifest row of the image.
        tile: Side of the tiles in pixels.

    Returns:
        Manifest rows of the tiles.

    Raises:
        DataError: If image and mask differ in size, or are smaller than a tile.
    """
    name, palette = row['name'], read_classes(source)['palette']
    path = next((source / 'images').glob(f'{name}.*'), None)
    mask_path = source / 'masks' / f'{name}.png'
    if path is None or not mask_path.is_file():
        raise DataError(f'{source} lacks the image or the mask of {name!r}')
    image, mask = read_image(str(path)), read_mask(mask_path)
    height, width = mask.shape[:2]
    if image.shape[:2] != mask.shape:
        raise DataError(f'{path} is {image.shape[:2]}, its mask {mask.shape}: sizes must agree')
    if min(height, width) < tile:
        raise DataError(f'{path} is {height}x{width} px, smaller than a tile of {tile}')
    rows = []
    for y in tile_origins(height, tile):
        for x in tile_origins(width, tile):
            part = f'{name}_{y:05d}_{x:05d}'
            window = (slice(y, y + tile), slice(x, x + tile))
            write_image(out / 'images' / part, image[window].copy())
            write_mask(out / 'masks' / f'{part}.png', mask[window].copy(), palette)
            group = row.get('group') or name
            rows.append({'name': part, 'group': group, 'source': name, 'y': y, 'x': x})
    return rows


def make_tiles(source: Path, out: Path, tile: int = 256) -> int:
    """Cut all images of a labelled folder.

    Returns:
        The number of tiles.
    """
    meta = read_classes(source)
    for folder in ('images', 'masks'):
        (out / folder).mkdir(parents=True, exist_ok=True)
    rows = []
    for row in track(read_manifest(source), description='cutting tiles'):
        rows += cut_image(source, out, row, tile)
    write_description(out, meta['classes'], meta['palette'], rows)
    return len(rows)


def main() -> None:
    """Parse the command line and cut."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('source', type=Path, help='labelled folder')
    parser.add_argument('out', type=Path, help='folder to write')
    parser.add_argument('--tile', type=int, default=256, help='side of a tile in pixels')
    args = parser.parse_args()
    print(f'{make_tiles(args.source, args.out, args.tile)} tiles in {args.out}')


if __name__ == '__main__':
    main()
