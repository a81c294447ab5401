r"""Burn polygons or points onto scenes: a labelled folder that trains as it is, or cut to tiles.

Labels are a GeoPackage, GeoJSON or Shapefile with a column of classes, in any CRS. What was not
drawn is 255 in the masks, and ignored. A pixel belongs to a polygon if its centre lies inside;
where polygons overlap, the later one in the file wins.

Example:
    python tools/dataset_tools/rasterize_labels.py labels.gpkg data/scenes --column class \
        --out data/drawn
    python tools/dataset_tools/make_tiles.py data/drawn data/drawn_256 --labelled-only
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from glcnet_plugin.datasets.io.images import RASTER_SUFFIXES
from glcnet_plugin.datasets.io.lists import list_images
from glcnet_plugin.datasets.vector.labels import read_labels
from glcnet_plugin.datasets.vector.options import add_label_options, label_options
from glcnet_plugin.datasets.vector.rasterize import BurntLabels, rasterize_labels
from glcnet_plugin.utils.cli import make_console, run_tool


def scenes_of(given: Sequence[str]) -> list[str]:
    """Files, rasters of folders, and what lists (.txt) name, relative to their folder."""
    scenes: list[str] = []
    for name in given:
        if Path(name).is_dir():
            scenes += list_images(name, suffixes=RASTER_SUFFIXES)
        elif name.endswith('.txt'):
            scenes += list_images(Path(name).parent, name, RASTER_SUFFIXES)
        else:
            scenes.append(name)
    return scenes


def show(burnt: BurntLabels) -> None:
    """Print features, pixels and area of each class, and what is missing."""
    console = make_console()
    table = Table('id', 'class', 'features', 'pixels', 'm2', 'ha')
    for index, name in enumerate(burnt.classes):
        area = burnt.area[index]
        counts = str(burnt.features[index]), str(burnt.pixels[index])
        table.add_row(str(index), name, *counts, f'{area:.0f}', f'{area / 1e4:.2f}')
    console.print(table)
    print(f'{len(burnt.scenes)} scenes with labels in {burnt.out}')
    if burnt.overlap:
        print(f'{burnt.overlap} pixels lie in features of several classes: the later one won')
    for note in burnt.notes:
        print(f'note: {note}')


def main() -> None:
    """Burn."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('labels', type=Path, help='GeoPackage, GeoJSON or Shapefile')
    parser.add_argument('scenes', nargs='+', help='georeferenced images, folders, lists (.txt)')
    parser.add_argument('--out', type=Path, required=True, help='folder to write')
    parser.add_argument('--force', action='store_true', help='replace the masks that are there')
    add_label_options(parser)
    args = parser.parse_args()
    labels = read_labels(args.labels, **label_options(args))
    show(rasterize_labels(labels, scenes_of(args.scenes), args.out, args.point_radius, args.force))


if __name__ == '__main__':
    run_tool(main)
