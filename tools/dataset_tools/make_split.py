"""Split a folder of images into training and validation by ground, and draw labelled tiles.

Writes lists of names, one per line: train.txt (the whole training pool), val.txt, and for every
budget and seed train_1pct_seed0.txt (labelled; larger budgets contain smaller ones, but with
--stratify spread) and
train_1pct_seed0_unlabelled.txt (the rest of the pool). split.json records how they were made.
Groups are never divided: they come from manifest.csv (group, source), else from names SCENE_Y_X,
and with --extents from georeferences too. The written lists are read again, and it is proven that
training and validation share nothing of what is known: names, groups, extents, tiles of a scene
that overlap. What could not be compared is named.

--stratify spread takes tiles whose colours differ, and with --features imagenet://efficientnet_lite0
their features too; --footprints tiles.gpkg writes their outlines for QGIS.

The folder has images/, and may have manifest.csv (name, group, source), and masks/ with
classes.json: then class shares are shown.

Example:
    python tools/dataset_tools/make_split.py data/dubai_256 --val-groups D E --labelled 1% 5% 16
"""

import argparse
import sys
from collections.abc import Container, Sequence
from pathlib import Path

from rich.table import Table

from glcnet_plugin.datasets.analysis.split_check import UNLABELLED
from glcnet_plugin.datasets.analysis.split_maker import MadeSplit, SplitSettings, make_split
from glcnet_plugin.datasets.analysis.split_source import read_rows
from glcnet_plugin.datasets.io.images import ImageInfo, image_info
from glcnet_plugin.datasets.io.places import with_place
from glcnet_plugin.datasets.vector.footprints import write_footprints
from glcnet_plugin.engine.run_config import CONFIGS
from glcnet_plugin.utils.cli import make_console, run_tool, whole_number

PROBE_CONFIG = CONFIGS / 'downstream/linear_lite0_1xb8-300i_few-labels.py'


def show(made: MadeSplit) -> None:
    """Print images, groups and class shares of each list, without the unlabelled rests."""
    table = Table('part', 'images', 'groups', *(made.source.classes if made.source.counts else ()))
    for part, facts in made.parts.items():
        if not part.endswith(UNLABELLED):
            shares = [f'{100 * share:.1f} %' for share in facts.get('class_shares', {}).values()]
            table.add_row(part, str(facts['images']), str(facts['groups']), *shares)
    make_console().print(table)


def is_drawn(part: str) -> bool:
    """Whether a list holds labelled tiles."""
    return part not in ('train', 'val') and not part.endswith(UNLABELLED)


def located(folder: Path, names: Container[str]) -> dict[str, ImageInfo]:
    """Headers of images of a folder that say where they lie, also by the manifest."""
    rows, files, _ = read_rows(folder)
    infos = {
        row['name']: with_place(image_info(files[row['name']]), row)
        for row in rows
        if row['name'] in names
    }
    return {name: info for name, info in infos.items() if info.bounds is not None}


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Args:
        argv: Arguments; None for those of the process.

    Returns:
        The arguments.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add('folder', type=Path, help='folder with images/')
    held = parser.add_mutually_exclusive_group()
    text = 'share of the groups (not images) to hold out'
    held.add_argument('--val', type=float, default=0.2, metavar='SHARE', help=text)
    held.add_argument('--val-groups', nargs='+', metavar='GROUP', help='groups to hold out')
    held.add_argument('--val-list', type=Path, metavar='FILE', help='names to hold out')
    add('--val-seed', type=whole_number, default=0, help='seed of the draw of --val')
    text = 'take the training pool, and --val or --val-groups, from these names alone'
    add('--train-list', type=Path, metavar='FILE', help=text)
    text = 'budgets: a share of the pool (1%% or 0.01) or a number of tiles (16)'
    add('--labelled', nargs='+', default=['1%'], metavar='BUDGET', help=text)
    text = 'seeds of the draws'
    add('--seeds', nargs='+', type=whole_number, default=[0], metavar='SEED', help=text)
    text = (
        'draw evenly from source images, by class shares, or at random; or choose tiles that '
        'differ (spread)'
    )
    add('--stratify', choices=('scene', 'class', 'none', 'spread'), default='scene', help=text)
    text = (
        'what differs between the tiles of --stratify spread (default: both with --features, else '
        'colours)'
    )
    add('--spread-by', choices=('colours', 'features', 'both'), help=text)
    text = 'checkpoint, or published weights, of the network that gives the features'
    add('--features', metavar='FILE', help=text)
    text = (
        "config with the backbone of --features, where the checkpoint holds none (default: Lite0's)"
    )
    add('--config', type=Path, default=PROBE_CONFIG, help=text)
    text = 'write the outlines of the labelled tiles for QGIS (.gpkg, .geojson, .shp)'
    add('--footprints', type=Path, metavar='FILE', help=text)
    add('--group-column', metavar='COLUMN', help='column of manifest.csv (default: group)')
    text = 'put georeferenced images that overlap on the ground into one group'
    add('--extents', action='store_true', help=text)
    add('--out', type=Path, help='folder to write (default: FOLDER/splits)')
    add('--force', action='store_true', help='replace other lists that are there')
    args = parser.parse_args(argv)
    for name, value in (('--spread-by', args.spread_by), ('--features', args.features)):
        if value is not None and args.stratify != 'spread':
            parser.error(f'{name} {value} is of --stratify spread: add it')
    if args.spread_by is None:
        args.spread_by = 'colours' if args.features is None else 'both'
    elif args.features is not None and args.spread_by == 'colours':
        parser.error('--features is of --spread-by features, or both')
    return args


def main() -> int:
    """Make the split; returns 1 if it is not one by ground."""
    args = vars(parse_args())
    out, force, footprints, config = (
        args.pop(name) for name in ('out', 'force', 'footprints', 'config')
    )
    features_of = None
    if args['features'] is not None:
        from glcnet_plugin.inference.feature_model import load_features

        features_of = load_features(args['features'], config).tile_means
    made = make_split(SplitSettings(**args), out, force, features_of)
    show(made)
    if footprints is not None and not made.problems:
        drawn = {part: names for part, names in made.lists.items() if is_drawn(part)}
        listed = {name for names in drawn.values() for name in names}
        count = write_footprints(footprints, drawn, located(made.settings.folder, listed))
        print(f'{count} outlines in {footprints}')
    for problem in made.problems:
        print(f'not a split by ground: {problem}', file=sys.stderr)
    if not made.problems:
        print('\n'.join(made.lines()))
    return int(bool(made.problems))


if __name__ == '__main__':
    run_tool(main)
