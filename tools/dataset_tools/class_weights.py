"""Class weights for a loss, from the labelled tiles of a folder or of one of its lists.

Prints pixels, share and weight of each class, and a config snippet. Weights come from training
labels only: give the list that training uses.

Example:
    python tools/dataset_tools/class_weights.py data/dubai_256 --list splits/train_1pct_seed0.txt
"""

import argparse
import textwrap
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
    mask_files,
)
from glcnet_plugin.datasets.io.folder_format import (
    entry_name,
    image_files,
    read_classes,
    read_manifest,
)
from glcnet_plugin.datasets.io.lists import locate_list, read_list
from glcnet_plugin.utils.cli import make_console, run_tool


def listed(folder: Path, path: Path | None) -> list[str]:
    """Names of the images to count.

    Args:
        folder: Labelled folder.
        path: List of names, as given or relative to the folder; None for the whole manifest,
            or all masks where there is no manifest.

    Returns:
        The names.
    """
    if path is None and not (folder / 'manifest.csv').exists():
        return sorted(image_files(folder / 'masks'))
    if path is None:
        return [row['name'] for row in read_manifest(folder)]
    known = image_files(folder / 'masks')
    return [entry_name(entry, known) for entry in read_list(locate_list(path, folder))]


def snippet(weights: Sequence[float], origin: str) -> str:
    """Config that sets the weights.

    Args:
        weights: One per class.
        origin: Where they come from, for the comment.

    Returns:
        Python text.
    """
    numbers = ', '.join(f'{weight:.4g}' for weight in weights)
    line = f'model = dict(decode_head=dict(loss_decode=dict(class_weight=[{numbers}])))'
    if len(line) > 100:
        body = textwrap.fill(numbers, 96, initial_indent='    ', subsequent_indent='    ')
        line = f'model = dict(decode_head=dict(loss_decode=dict(class_weight=[\n{body},\n])))'
    return f'# {origin}\n{line}\n'


def show(classes: Sequence[str], counts: NDArray[Any], weights: Sequence[float]) -> None:
    """Print pixels, share, tiles and weight of each class."""
    table = Table('class', 'pixels', 'share', 'tiles', 'weight')
    pixels, tiles = counts.sum(axis=0), (counts > 0).sum(axis=0)
    for name, count, held, weight in zip(classes, pixels, tiles, weights, strict=True):
        share = f'{100 * count / pixels.sum():.2f} %'
        table.add_row(name, f'{count:,}', share, f'{held:,}', f'{weight:.4g}')
    make_console().print(table)


def main() -> None:
    """Parse the command line and weigh."""
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
    args = parser.parse_args()
    meta = read_classes(args.folder)
    masks = mask_files(args.folder, listed(args.folder, args.list))
    found = list(count_classes(masks, len(meta['classes']), meta['ignore_index']))
    counts = np.array(found, np.int64).reshape(-1, len(meta['classes']))
    weights = class_weights(counts, args.method, args.cap)
    show(meta['classes'], counts, weights)
    origin = f'{args.method}, cap {args.cap:g}, from {len(masks):,} tiles with {counts.sum():,} '
    origin += f'labelled pixels ({args.list or "all of " + args.folder.resolve().name})'
    config = snippet(weights, origin)
    print(config, end='')
    if args.out:
        args.out.write_text(config, encoding='utf-8')


if __name__ == '__main__':
    run_tool(main)
