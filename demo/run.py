"""Pretrain on unlabelled tiles, learn from a few labelled ones, compare initialisations.

On generated scenes, a narrow network from random weights. On a folder of yours, ImageNet's weights
and what continued pretraining on your tiles makes of them: the short form of
configs/studies/folder_cpu.py.

Example:
    python demo/run.py
    python demo/run.py --data data/dubai
"""

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from glcnet_plugin.utils.cli import exit_on_error, run_tool
from glcnet_plugin.utils.quiet import quiet_imports

with exit_on_error(), quiet_imports():
    from synthetic.make_scenes import colour_only_kappa, make_scenes

    from glcnet_plugin.datasets.io.folder_format import read_classes, read_manifest
    from glcnet_plugin.datasets.tiling.labelled_folder import cut_folder
    from glcnet_plugin.engine.run_config import CONFIGS
    from glcnet_plugin.errors import ConfigError
    from glcnet_plugin.study.context import prepare_study
    from glcnet_plugin.study.main import run_study
    from glcnet_plugin.study.run.scheduler import default_workers
    from glcnet_plugin.study.settings import read_study
    from glcnet_plugin.study.tiles import choose_tiles, require_groups

HERE = Path(__file__).resolve().parent
STUDY = HERE / 'study.py'
FOLDER_STUDY = CONFIGS / 'studies/folder_cpu.py'


def prepare(data: Path | None, tiles: Path, held_out: Sequence[str] = ()) -> None:
    """Make the tiles, unless they exist.

    Args:
        data: Labelled folder to cut, or None for generated scenes.
        tiles: Folder to write.
        held_out: Groups of the folder to hold out, checked before it is cut.

    Raises:
        ConfigError: If the existing tiles were made from another folder.
        DataError: If the folder cannot be used, or has no such group.
    """
    source = 'generated' if data is None else str(data.resolve())
    note = tiles.parent / 'source.txt'
    if note.is_file() and (made_of := note.read_text(encoding='utf-8')) != source:
        raise ConfigError(
            f'{tiles.parent} holds the demo of {made_of}, not of {source}: choose another '
            '--work-dir'
        )
    if not (tiles / 'manifest.csv').is_file():
        if data is None:
            make_scenes(tiles, scenes=32)
        else:
            read_classes(data)  # tiles without labels could not be scored
            groups = {row.get('group', '') for row in read_manifest(data)}
            require_groups(held_out, groups, data)
            cut_folder(data, tiles)
    note.write_text(source, encoding='utf-8')


def main() -> int:
    """Run the study.

    Returns:
        1 if a job failed, else 0.
    """
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--data', type=Path, help='labelled folder; default: generated scenes')
    parser.add_argument('--work-dir', type=Path, help='default: work_dirs/demo, or demo_NAME')
    parser.add_argument('--val-groups', nargs='+', help='groups of the manifest to hold out')
    args = parser.parse_args()
    start = time.time()
    name = 'demo' if args.data is None else f'demo_{args.data.resolve().name}'
    work_dir = args.work_dir or Path('work_dirs') / name
    tiles = work_dir / 'tiles'
    prepare(args.data, tiles, args.val_groups or ())
    options: dict[str, Any] = {'data.root': str(tiles)}
    if args.data is not None:
        options['title'] = f'Is continued pretraining worth it for {args.data.name}?'
    if args.val_groups:
        options['data.held_out'] = args.val_groups
    if args.data is None:
        study = read_study(STUDY, options=options)
    else:
        study = read_study(FOLDER_STUDY, quick=True, options=options)
    chosen = choose_tiles(replace(study, labels=['100%']))
    pool = len(chosen.train)
    labels = [text for text in study.labels if int(text) < pool]
    if len(labels) < len(study.labels):
        labels.append('100%')
    kappa = colour_only_kappa(tiles, chosen.train, chosen.val)
    colours = (
        f'Colours alone: a random forest on single pixels of all {pool} labelled tiles reaches '
        f'Kappa {kappa:.3f}.'
    )
    study = replace(study, labels=labels, notes=[*study.notes, colours])
    command = 'make demo' + ('' if args.data is None else f" DATA='{args.data}'")
    log = partial(print, flush=True)
    good = run_study(prepare_study(study, work_dir), default_workers(), command, log)
    print(colours)
    print(f'{(time.time() - start) / 60:.1f} minutes in total')
    return int(not good)


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the processes of the jobs
    run_tool(main)
