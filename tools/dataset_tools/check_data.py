"""Check a dataset before training: every image and mask, and the splits against each other.

Example:
    python tools/dataset_tools/check_data.py configs/downstream/my_config.py
    python tools/dataset_tools/check_data.py data/dubai_256 --train splits/train.txt \
--val splits/val.txt --json report.json
    python tools/dataset_tools/check_data.py --images raw/img --masks raw/ann --num-classes 6
"""

import argparse
from pathlib import Path

from mmengine.config import DictAction

from glcnet_plugin.datasets.analysis.check_config import inputs_from_config
from glcnet_plugin.datasets.analysis.check_sources import (
    CheckInputs,
    inputs_from_folder,
    inputs_from_pairs,
)
from glcnet_plugin.datasets.analysis.check_tables import class_table, issue_lines, split_table
from glcnet_plugin.datasets.analysis.dataset_check import check_dataset
from glcnet_plugin.datasets.analysis.sample_checks import Expectation
from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.io.lists import locate_list
from glcnet_plugin.datasets.io.masks import IGNORE
from glcnet_plugin.datasets.io.rasters import ALPHA
from glcnet_plugin.datasets.tiling.folder_writer import write_json
from glcnet_plugin.engine.run_config import read_config_file
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.utils.cli import make_console, run_tool, whole_number


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
    parser.add_argument(
        '--ignore', type=int, nargs='*', default=[IGNORE], help='values to ignore beside 255'
    )
    parser.add_argument(
        '--alpha', choices=ALPHA[:2], default='data', help='what a band marked as alpha is'
    )
    parser.add_argument('--json', type=Path, help='file for all issues and figures')
    parser.add_argument('--workers', type=whole_number, help='processes; default: one per core')
    parser.add_argument('--show', type=int, default=5, help='files named per issue')
    return parser.parse_args()


def read_inputs(args: argparse.Namespace) -> CheckInputs:
    """List what the command line names.

    Raises:
        ConfigError: If it names nothing, or both a source and a folder of images.
    """
    if (args.source is None) == (args.images is None):
        raise ConfigError('give one of: a config, a labelled folder, --images')
    if args.images is not None:
        labels = LabelRule(args.num_classes, args.reduce_zero_label, tuple(args.ignore))
        expected = Expectation(num_bands=args.num_bands, labels=labels, alpha=args.alpha)
        return inputs_from_pairs(args.images, args.masks, expected)
    if args.source.suffix == '.py':
        cfg = read_config_file(args.source)
        cfg.merge_from_dict(args.cfg_options or {})
        return inputs_from_config(cfg)
    lists = {'train': args.train, 'val': args.val}
    chosen = {name: locate_list(path, args.source) for name, path in lists.items() if path}
    return inputs_from_folder(args.source, chosen, args.alpha, args.reduce_zero_label)


def main() -> int:
    """Check; returns 1 if there is an error."""
    args = parse_args()
    inputs = read_inputs(args)
    report = check_dataset(inputs.samples, inputs.expected, args.workers)
    report.issues = inputs.issues + report.issues
    console = make_console()
    console.print(split_table(report))
    if (table := class_table(report, inputs.classes)) is not None:
        console.print(table)
    for line in issue_lines(report.issues, args.show):
        console.print(line, highlight=False)
    if args.json is not None:
        write_json(args.json, {**report.as_dict(), 'classes': list(inputs.classes)})
    warnings = sum(issue.level == 'warning' for issue in report.issues)
    style = 'red' if report.errors else 'yellow' if warnings else 'green'
    console.print(f'[{style}]{report.errors} errors, {warnings} warnings[/{style}]')
    return int(report.errors > 0)


if __name__ == '__main__':
    run_tool(main)
