"""Is pretraining worth it for my data? Pretrain, fine-tune, probe, score and report a study.

A study is a config: data, methods, labels, seeds, schedule. What is finished is not run again, so
the same line goes on after a stop. `docs/benchmarks/README.md` says more.

Example:
    python tools/benchmark.py configs/studies/demo_methods.py --quick
    python tools/benchmark.py configs/studies/folder_cpu.py --cfg-options data.root=data/my_tiles
    python tools/benchmark.py configs/studies/dubai_r50.py --jobs 4 --work-dir work_dirs/dubai
    python tools/benchmark.py configs/studies/dubai_r50.py --slurm="--partition=gpu --gres=gpu:1"
"""

import argparse
import os
import shlex
import signal
import sys
import warnings
from functools import partial
from pathlib import Path

warnings.filterwarnings('ignore')  # of the hosts, about what a study does not use
os.environ['PYTHONWARNINGS'] = 'ignore'  # in the processes of the cells, too

from mmengine.config import DictAction  # noqa: E402

from glcnet_plugin.errors import ConfigError  # noqa: E402
from glcnet_plugin.study.main import conduct  # noqa: E402
from glcnet_plugin.study.plan import Cell, make_plan  # noqa: E402
from glcnet_plugin.study.results import check_results, drop_outdated, write_failure  # noqa: E402
from glcnet_plugin.study.run.jobs import run_cell  # noqa: E402
from glcnet_plugin.study.run.scheduler import default_jobs  # noqa: E402
from glcnet_plugin.study.run.slurm import write_array  # noqa: E402
from glcnet_plugin.study.settings import Study, read_study  # noqa: E402
from glcnet_plugin.study.tiles import Tiles, choose_tiles  # noqa: E402
from glcnet_plugin.utils.cli import error_message, exit_on_error  # noqa: E402


def parse_args() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('study', type=Path, help='config of the study')
    parser.add_argument('--work-dir', type=Path, help='default: work_dirs/STUDY')
    parser.add_argument('--quick', action='store_true', help='the short run of the study')
    parser.add_argument('--jobs', type=int, default=default_jobs(),
                        help='cells side by side; default: one per GPU, or per core')  # fmt: skip
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='key=value ...')
    parser.add_argument('--report', action='store_true', help='write the report of what is there')
    parser.add_argument('--cell', help='run this cell only (what slurm does)')
    parser.add_argument('--slurm', metavar='OPTIONS', help='write scripts for sbatch instead')
    return parser.parse_args()


def typed(arguments: list[str]) -> str:
    """A command line as people type it: lists of names in double quotes."""
    plain = [f'"{a}"' if "'" in a and not set(a) & set('"$`\\!') else shlex.quote(a)
             for a in arguments]  # fmt: skip
    return ' '.join(plain)


def run_one(study: Study, tiles: Tiles, folder: Path, plan: list[Cell], cell: Cell) -> int:
    """Run a cell, as one task of a slurm array does; 1 if it failed."""
    finished = check_results(folder, plan, study, tiles)
    if cell.name in finished:
        return 0
    try:
        if cell.needs is not None and cell.needs not in finished:
            raise ConfigError(f'{cell.needs}, which {cell.name} needs, is not finished: run it')
        run_cell(study, tiles, folder, cell)
    except Exception as error:  # whatever it is, the report tells it
        write_failure(folder, cell, error)
        print(error_message(error), file=sys.stderr)
        return 1
    return 0


def main() -> int:
    """Run the study.

    Returns:
        1 if a cell failed, else 0.
    """
    args = parse_args()
    if args.jobs < 1:
        raise ConfigError(f'--jobs must be at least 1, got {args.jobs}')
    study = read_study(args.study, args.quick, args.cfg_options)
    folder = args.work_dir or Path('work_dirs') / (study.name + '_quick' * args.quick)
    if args.slurm is not None or args.cell is not None:
        tiles = choose_tiles(study)
        plan = make_plan(study, tiles)
        if args.slurm is not None:
            drop_outdated(folder, plan, study, tiles)
            print(write_array(plan, folder, typed(sys.argv), args.slurm))
            return 0
        cell = next((cell for cell in plan if cell.name == args.cell), None)
        if cell is None:
            raise ConfigError(f'--cell {args.cell}: there is no such cell in {args.study}')
        return run_one(study, tiles, folder, plan, cell)
    commands = [f'python {typed(sys.argv)}']
    say = partial(print, flush=True)
    return int(not conduct(study, folder, args.jobs, commands, say, args.report))


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the processes of the cells
    with exit_on_error():
        sys.exit(main())
