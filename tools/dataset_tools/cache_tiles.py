"""Decode tiles once, into one file that all workers and processes of a training share.

The config names it in the loading step: dict(type='glcnet_plugin.LoadRSImage', cache=OUT). Images
that are not in it, or have changed, are read from their files. Run it again after a change.

Example:
    python tools/dataset_tools/cache_tiles.py data/my_tiles/images data/my_tiles/tiles.cache
"""

import argparse
import time
from pathlib import Path

from glcnet_plugin.datasets.io.lists import list_images, locate_list
from glcnet_plugin.datasets.io.rasters import ALPHA
from glcnet_plugin.datasets.io.tile_cache import TileCache
from glcnet_plugin.datasets.io.tile_cache_writer import changed_images, write_cache
from glcnet_plugin.utils.cli import make_console, run_tool, whole_number


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('folder', type=Path, help='folder of tiles, with subfolders')
    parser.add_argument('out', type=Path, help='file to write')
    parser.add_argument('--list', type=Path, help='take the images of this list only')
    parser.add_argument('--bands', nargs='+', help='as in LoadRSImage: names, or indices from 0')
    parser.add_argument('--alpha', choices=ALPHA[:2], default='data', help='as in LoadRSImage')
    parser.add_argument(
        '--workers', type=whole_number, help='processes; 0 for none; default: one per core'
    )
    return parser.parse_args()


def main() -> int:
    """Make the cache, unless it is up to date."""
    args = parse_args()
    start, console = time.perf_counter(), make_console()
    paths = list_images(args.folder, args.list and locate_list(args.list, args.folder))
    bands = args.bands and [int(band) if band.isdigit() else band for band in args.bands]
    if args.out.exists():
        changed = changed_images(TileCache(args.out), paths, bands, args.alpha)
        if not changed:
            console.print(f'{args.out} is up to date: {len(paths)} images')
            return 0
        names = ', '.join(changed[:3])
        console.print(f'{len(changed)} of {len(paths)} images are new or have changed: {names}')
    size = write_cache(args.out, paths, bands, args.alpha, args.workers)
    seconds = time.perf_counter() - start
    console.print(
        f'{len(paths)} images, {size / 2**30:.2f} GiB in {seconds:.1f} s. In the config: '
        f"dict(type='glcnet_plugin.LoadRSImage', cache='{args.out}')",
        highlight=False,
        markup=False,
    )
    return 0


if __name__ == '__main__':
    run_tool(main)
