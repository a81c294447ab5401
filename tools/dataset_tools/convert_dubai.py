"""Turn the Dubai aerial imagery data set, as published, into a labelled folder.

The publisher (Humans in the Loop, CC0) offers folders 'Tile N' with 'images' and colour
'masks'. Tiles that show the same ground get one group, so that a split by group is honest.

Example:
    python tools/dataset_tools/convert_dubai.py "Semantic segmentation dataset" data/dubai
"""

import argparse
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
from folder_layout import IGNORE, colours_to_ids, write_description, write_mask
from PIL import Image
from rich.progress import track

from glcnet_plugin.errors import DataError

CLASSES = {
    'building': (0x3C, 0x10, 0x98),
    'land_unpaved': (0x84, 0x29, 0xF6),
    'road': (0x6E, 0xC1, 0xE4),
    'vegetation': (0xFE, 0xDD, 0x3A),
    'water': (0xE2, 0xA9, 0x29),
}
UNLABELLED = ((0x9B, 0x9B, 0x9B), (0, 0, 0))
# tiles 1 and 3, and 4, 7 and 8, overlap on the ground (found by matching the images)
GROUPS = {1: 'A', 3: 'A', 4: 'B', 7: 'B', 8: 'B', 2: 'C', 5: 'D', 6: 'E'}


def convert(source: Path, out: Path) -> tuple[int, Counter[str]]:
    """Convert all tiles.

    Args:
        source: Folder with 'Tile 1' ... 'Tile 8'.
        out: Labelled folder to write.

    Returns:
        The number of images, and the pixels of every colour that is no class; those pixels
        are ignored.

    Raises:
        DataError: If no image is found, or an image has no mask.
    """
    images = sorted(source.glob('Tile */images/*.jpg'))
    if not images:
        raise DataError(f'{source} holds no "Tile N/images/*.jpg": give the published folder')
    for folder in ('images', 'masks'):
        (out / folder).mkdir(parents=True, exist_ok=True)
    ids = {colour: index for index, colour in enumerate(CLASSES.values())}
    ids.update(dict.fromkeys(UNLABELLED, IGNORE))
    rows, unknown = [], Counter[str]()
    for path in track(images, description='converting'):
        tile, part = int(path.parts[-3].split()[1]), int(path.stem.split('_')[-1])
        mask_path = path.parents[1] / 'masks' / f'{path.stem}.png'
        if not mask_path.is_file():
            raise DataError(f'{path} has no mask {mask_path}')
        name = f't{tile}_p{part:02d}'
        mask, strange = colours_to_ids(np.array(Image.open(mask_path).convert('RGB')), ids)
        unknown.update(strange)
        shutil.copyfile(path, out / 'images' / f'{name}.jpg')
        write_mask(out / 'masks' / f'{name}.png', mask, list(CLASSES.values()))
        rows.append({'name': name, 'group': GROUPS.get(tile, f'tile{tile}')})
    write_description(out, list(CLASSES), list(CLASSES.values()), rows)
    return len(rows), unknown


def main() -> None:
    """Parse the command line and convert."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('source', type=Path, help='published folder with "Tile 1" ... "Tile 8"')
    parser.add_argument('out', type=Path, help='labelled folder to write')
    args = parser.parse_args()
    count, unknown = convert(args.source, args.out)
    print(f'{count} images in {args.out}')
    for colour, pixels in unknown.most_common():
        print(f'unknown colour {colour}: {pixels} pixels are ignored')


if __name__ == '__main__':
    main()
