"""Class weights for a loss, from the labelled tiles of a folder or of one of its lists.

Prints pixels, share and weight of each class, and a config snippet. Weights come from training
labels only: give the list that training uses.

Example:
    python tools/dataset_tools/class_weights.py data/dubai_256 --list splits/train_1pct_seed0.txt
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from glcnet_plugin.datasets.analysis.class_weights import (
    METHODS,
    class_weights,
    count_classes,
    labelled_names,
    mask_files,
)
from glcnet_plugin.datasets.analysis.snippets import class_weight_snippet
from glcnet_plugin.datasets.io.folder_format import label_rule, read_classes
from glcnet_plugin.utils.atomic_io import write_atomic
from glcnet_plugin.utils.cli import make_console, run_tool


def show(classes: Sequence[str], counts: NDArray[Any], weights: Sequence[float]) -> None:
    """Print pixels, share, tiles and weight of each class."""
    table = Table('class', 'pixels', 'share', 'tiles', 'weight')
    pixels, tiles = counts.sum(axis=0), (counts > 0).sum(axis=0)
    for name, count, held, weight in zip(classes, pixels, tiles, weights, strict=True):
        share = f'{100 * count / pixels.sum():.2f} %'
        table.add_row(name, f'{count:,}', share, f'{held:,}', f'{weight:.4g}')
    make_console().print(table)


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('folder', type=Path, help='labelled folder')
    text = 'list of names, as it is or in the folder; all images without it'
    parser.add_argument('--list', type=Path, metavar='FILE', help=text)
    text = '1 / sqrt(share), 1 / share, or median frequency balancing'
    parser.add_argument('--method', choices=METHODS, default='inverse_sqrt', help=text)
    text = 'ratio of the largest to the smallest weight at most'
    parser.add_argument('--cap', type=float, default=10.0, help=text)
    parser.add_argument('--out', type=Path, metavar='FILE', help='file to write the snippet to')
    return parser.parse_args()


def main() -> None:
    """Count the pixels of each class and print weights."""
    args = parse_args()
    meta = read_classes(args.folder)
    masks = mask_files(args.folder, labelled_names(args.folder, args.list))
    counts = np.stack(list(count_classes(masks, label_rule(meta))))
    weights = class_weights(counts, args.method, args.cap)
    show(meta['classes'], counts, weights)
    origin = f'{args.method}, cap {args.cap:g}, from {len(masks):,} tiles with {counts.sum():,} '
    origin += f'labelled pixels ({args.list or "all of " + args.folder.resolve().name})'
    config = class_weight_snippet(weights, origin)
    print(config, end='')
    if args.out:
        write_atomic(args.out, config)


if __name__ == '__main__':
    run_tool(main)
