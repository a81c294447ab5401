"""Options of the command lines that read polygons."""

import argparse
from typing import Any


def add_label_options(parser: argparse.ArgumentParser) -> None:
    """Add --column, --classes, --crs, --layer and --point-radius."""
    add = parser.add_argument
    add('--column', default='class', help='column of the class (default: class)')
    text = 'names of the classes, in the order of their ids (default: those of the file, sorted)'
    add('--classes', type=names, metavar='A,B,C', help=text)
    add('--crs', help='CRS of the labels, where the file does not tell it')
    add('--layer', help='layer of the labels, where the file has several')
    text = 'radius of the disc around a point in metres (default: the pixel that it lies in)'
    add('--point-radius', type=metres, default=0.0, metavar='METRES', help=text)


def label_options(args: argparse.Namespace) -> dict[str, Any]:
    """What :func:`read_labels` takes of the options."""
    return {key: getattr(args, key) for key in ('column', 'classes', 'crs', 'layer')}


def names(text: str) -> list[str]:
    """Read names between commas, for argparse."""
    return [name.strip() for name in text.split(',')]


def metres(text: str) -> float:
    """Read a length from 0 on, for argparse."""
    length = float(text)
    if not 0 <= length < float('inf'):
        raise argparse.ArgumentTypeError(f'{text} is no length in metres')
    return length
