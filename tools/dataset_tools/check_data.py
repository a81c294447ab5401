"""The doctor: find what is wrong with the data before a GPU is used.

Example:
    python tools/dataset_tools/check_data.py configs/downstream/my_config.py
    python tools/dataset_tools/check_data.py data/dubai_256 --train splits/train.txt \
--val splits/val.txt --json report.json
    python tools/dataset_tools/check_data.py --images raw/img --masks raw/ann --num-classes 6
"""

import argparse
import json
from collections import defaultdict
from pathlib import Path

from mmengine.config import Config, DictAction
from rich.console import Console
from rich.table import Column, Table

from glcnet_plugin.datasets.analysis.check_sources import (
    CheckInputs,
    inputs_from_config,
    inputs_from_folder,
    inputs_from_pairs,
)
from glcnet_plugin.datasets.analysis.dataset_check import DatasetReport, check_dataset
from glcnet_plugin.datasets.analysis.sample_checks import Expectation, Issue
from glcnet_plugin.datasets.io.lists import locate_list
from glcnet_plugin.datasets.io.masks import IGNORE
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.utils.cli import make_console, run_tool

COLOURS = {'error': 'red', 'warning': 'yellow'}


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('source', nargs='?', type=Path, help='config file or labelled folder')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='key=value ...')
    parser.add_argument('--train', type=Path, help='list of names, as it is or in the folder')
    parser.add_argument('--val', type=Path, help='list of names, as it is or in the folder')
    parser.add_argument('--images', type=Path, help='folder of images, instead of a source')
    parser.add_argument('--masks', type=Path, help='folder of masks with the same names')
    parser.add_argument('--num-classes', type=int)
    parser.add_argument('--num-bands', type=int)
    parser.add_argument('--reduce-zero-label', action='store_true', help='0 is ignored')
    parser.add_argument('--ignore', type=int, nargs='*', default=[IGNORE], help='ignored values')
    parser.add_argument('--json', type=Path, help='file for everything that was found')
    parser.add_argument('--workers', type=int, help='processes; default: one per core')
    parser.add_argument('--show', type=int, default=5, help='files named per problem')
    return parser.parse_args()


def read_inputs(args: argparse.Namespace) -> CheckInputs:
    """List what the command line names.

    Raises:
        ConfigError: If it names nothing, or both a source and a folder of images.
    """
    if (args.source is None) == (args.images is None):
        raise ConfigError('give one of: a config, a labelled folder, --images')
    if args.images is not None:
        expected = Expectation(
            num_bands=args.num_bands,
            num_classes=args.num_classes,
            reduce_zero_label=args.reduce_zero_label,
            ignored=tuple(args.ignore),
        )
        return inputs_from_pairs(args.images, args.masks, expected)
    if args.source.suffix == '.py':
        try:
            cfg = Config.fromfile(args.source)
        except (OSError, SyntaxError, KeyError) as error:
            raise ConfigError(f'cannot read the config {args.source}: {error}') from error
        cfg.merge_from_dict(args.cfg_options or {})
        return inputs_from_config(cfg)
    lists = {'train': args.train, 'val': args.val}
    return inputs_from_folder(
        args.source, {name: locate_list(path, args.source) for name, path in lists.items() if path}
    )


def show_splits(console: Console, result: DatasetReport) -> None:
    """Print what the files of each split have in common."""
    names = ('split', 'files', 'sizes', 'bands', 'type', 'values', 'mean', 'std', 'nodata')
    table = Table(*(Column(name, overflow='fold') for name in names))
    for name, split in result.splits.items():
        sizes = ', '.join(size for size, _ in split.sizes.most_common(2))
        more = f' +{len(split.sizes) - 2}' if len(split.sizes) > 2 else ''
        mean, std = (
            '' if v is None else ' '.join(f'{x:.4g}' for x in v) for v in (split.mean, split.std)
        )
        values = f'{split.minimum:g}..{split.maximum:g}' if mean else '-'
        table.add_row(
            name, str(split.files), sizes + more, ' '.join(map(str, split.bands)),
            ' '.join(split.dtypes), values, mean, std,
            f'{split.nodata_share:.1%}',
        )  # fmt: skip
    console.print(table)


def show_classes(console: Console, result: DatasetReport, classes: list[str]) -> None:
    """Print the share of each class in the pixels of each split."""
    labelled = {n: s for n, s in result.splits.items() if s.class_pixels is not None}
    if not labelled:
        return
    used = max(int(s.class_pixels.nonzero()[0].max(initial=-1)) + 1 for s in labelled.values())
    names = list(classes) or [str(index) for index in range(used)]
    table = Table('class', *(f'{name}, % of pixels' for name in labelled))
    for index, name in enumerate(names):
        shares = [
            100 * s.class_pixels[index] / max(1, s.class_pixels.sum()) for s in labelled.values()
        ]
        table.add_row(f'{index} {name}', *(f'{share:.2f}' for share in shares))
    ignored = [
        100 * s.ignored_pixels / max(1, s.ignored_pixels + s.class_pixels.sum())
        for s in labelled.values()
    ]
    table.add_row('ignored, % of all', *(f'{share:.2f}' for share in ignored), style='dim')
    console.print(table)


def show_findings(console: Console, findings: list[Issue], most: int) -> None:
    """Print the problems, worst first, with the first files of each."""
    kinds = defaultdict(list)
    for finding in findings:
        kinds[finding.level, finding.code].append(finding)
    for (level, code), found in sorted(kinds.items(), key=lambda kind: (kind[0][0], -len(kind[1]))):
        style = COLOURS[level]
        console.print(f'[{style}]{level}[/{style}] [bold]{code}[/bold]: {len(found)}')
        for finding in found[:most]:
            console.print(f'  {finding.file}: {finding.message}', markup=False, highlight=False)
        if len(found) > most:
            console.print(f'  ... and {len(found) - most} more (--json FILE names all)')


def main() -> int:
    """Examine; returns 1 if there is an error."""
    args = parse_args()
    inputs = read_inputs(args)
    result = check_dataset(inputs.samples, inputs.expected, args.workers)
    result.findings = inputs.findings + result.findings
    console = make_console()
    show_splits(console, result)
    show_classes(console, result, list(inputs.classes))
    show_findings(console, result.findings, args.show)
    if args.json is not None:
        content = {**result.as_dict(), 'classes': list(inputs.classes)}
        args.json.write_text(json.dumps(content, indent=1), encoding='utf-8')
    warnings = len(result.findings) - result.errors
    style = 'red' if result.errors else 'yellow' if warnings else 'green'
    console.print(f'[{style}]{result.errors} errors, {warnings} warnings[/{style}]')
    return int(result.errors > 0)


if __name__ == '__main__':
    run_tool(main)
