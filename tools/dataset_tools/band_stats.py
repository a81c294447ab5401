"""Mean, deviation, range and percentiles of every band, and a config snippet that uses them.

Example:
    python tools/dataset_tools/band_stats.py data/my_tiles/images --out stats.py
    python tools/dataset_tools/band_stats.py data/my_tiles/images --list splits/train.txt \
--bands R G B NIR
"""

import argparse
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from glcnet_plugin.datasets.analysis.band_statistics import (
    PERCENTILES,
    BandStatistics,
    band_statistics,
)
from glcnet_plugin.datasets.analysis.snippets import normalisation_snippet
from glcnet_plugin.datasets.io.lists import list_images, locate_list
from glcnet_plugin.utils.atomic_io import write_atomic
from glcnet_plugin.utils.cli import make_console, run_tool, whole_number


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('folder', type=Path, help='folder of images or scenes, with subfolders')
    parser.add_argument('--list', type=Path, help='take the images of this list only')
    parser.add_argument('--bands', nargs='+', help='names, or indices from 0; default: all')
    parser.add_argument('--out', type=Path, help='file for the config snippet')
    parser.add_argument('--workers', type=whole_number, help='processes; default: one per core')
    return parser.parse_args()


def show(statistics: BandStatistics, console: Console) -> None:
    """Print the table of bands."""
    percentiles = {p: statistics.percentile(p) for p in PERCENTILES}
    heads = ('band', 'mean', 'std', 'min', 'max', *(f'{p} %' for p in PERCENTILES), 'nodata')
    table = Table(*heads)
    for index, name in enumerate(statistics.names):
        values = [statistics.mean, statistics.std, statistics.minimum, statistics.maximum]
        values += [percentiles[p] for p in PERCENTILES]
        total = statistics.count[index] + statistics.missing[index]
        share = statistics.missing[index] / max(1, total)
        cells = (f'{value[index]:.5g}' for value in values)
        table.add_row(name or str(index), *cells, f'{share:.2%}')
    console.print(table)


def main() -> int:
    """Describe the bands and write the snippet."""
    args = parse_args()
    start = time.perf_counter()
    paths = list_images(args.folder, args.list and locate_list(args.list, args.folder))
    bands = args.bands and [int(band) if band.isdigit() else band for band in args.bands]
    statistics = band_statistics(paths, bands, args.workers)
    console = make_console()
    show(statistics, console)
    for index in np.flatnonzero(statistics.std == 0):
        name = statistics.names[index] or f'band {index}'
        console.print(f'[yellow]{name} has one value everywhere: leave it out (--bands)[/yellow]')
    text = normalisation_snippet(statistics, len(paths))
    console.print(text, highlight=False, markup=False)
    if args.out is not None:
        write_atomic(args.out, text)
    console.print(f'{len(paths)} images in {time.perf_counter() - start:.1f} s')
    return 0


if __name__ == '__main__':
    run_tool(main)
