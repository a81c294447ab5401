"""Is pretraining worth it for my data? Pretrain, fine-tune, probe, score and report a study.

A study is a config: data, methods, labels, seeds, schedule. Finished jobs are not run again, so
the same command continues after a stop. See `docs/benchmarks/README.md`.

Example:
    python tools/benchmark.py configs/studies/demo_methods.py --quick
    python tools/benchmark.py configs/studies/folder_cpu.py --cfg-options data.root=data/my_tiles
    python tools/benchmark.py configs/studies/folder_r50.py --workers 4 --work-dir work_dirs/mine
    python tools/benchmark.py configs/studies/folder_r50.py --slurm="--partition=gpu --gres=gpu:1"
"""

import argparse
import shlex
import signal
import sys
from functools import partial
from pathlib import Path

from glcnet_plugin.utils.cli import error_message, exit_on_error, plain_message, run_tool
from glcnet_plugin.utils.quiet import quiet_imports

with exit_on_error(), quiet_imports():
    from mmengine.config import DictAction

    from glcnet_plugin.errors import ConfigError
    from glcnet_plugin.study.context import StudyContext, prepare_study
    from glcnet_plugin.study.main import run_study
    from glcnet_plugin.study.results import check_results, drop_outdated, write_failure
    from glcnet_plugin.study.run.jobs import run_job
    from glcnet_plugin.study.run.scheduler import default_workers
    from glcnet_plugin.study.run.slurm import write_array
    from glcnet_plugin.study.settings import read_study


def parse_args() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('study', type=Path, help='config of the study')
    parser.add_argument('--work-dir', type=Path, help='default: work_dirs/STUDY')
    parser.add_argument('--quick', action='store_true', help='run the short form of the study')
    parser.add_argument('--workers', type=int, default=default_workers(),
                        help='jobs side by side; default: one per GPU, or per core')  # fmt: skip
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='key=value ...')
    parser.add_argument('--report', action='store_true', help='only write the report')
    parser.add_argument('--job', metavar='NAME', help='run only this job (used by slurm arrays)')
    parser.add_argument('--slurm', metavar='OPTIONS', help='write sbatch scripts, run nothing')
    return parser.parse_args()


def command_line(arguments: list[str]) -> str:
    """A command line as it is typed: lists of names in double quotes."""
    plain = [f'"{a}"' if "'" in a and not set(a) & set('"$`\\!') else shlex.quote(a)
             for a in arguments]  # fmt: skip
    return ' '.join(plain)


def run_one(context: StudyContext, name: str) -> int:
    """Run one job; 1 if it failed."""
    finished = check_results(context)
    job = next((job for job in context.plan if job.name == name), None)
    if job is None:
        raise ConfigError(f'--job {name}: study {context.study.name} has no such job')
    if name in finished:
        return 0
    try:
        if job.needs is not None and job.needs not in finished:
            raise ConfigError(f'{job.needs}, which {name} needs, is not finished: run it first')
        run_job(context, job)
    except Exception as error:  # any error of a job is shown in the report
        write_failure(context, job, plain_message(error))
        print(error_message(error), file=sys.stderr)
        return 1
    return 0


def main() -> int:
    """Run the study.

    Returns:
        1 if a job failed, else 0.
    """
    args = parse_args()
    if args.workers < 1:
        raise ConfigError(f'--workers must be at least 1, got {args.workers}')
    study = read_study(args.study, args.quick, args.cfg_options)
    folder = args.work_dir or Path('work_dirs') / (study.name + '_quick' * args.quick)
    context = prepare_study(study, folder)
    if args.job is not None:
        return run_one(context, args.job)
    if args.slurm is not None:
        drop_outdated(context)
        print(write_array(context, command_line(sys.argv), args.slurm))
        return 0
    log = partial(print, flush=True)
    command = f'python {command_line(sys.argv)}'
    return int(not run_study(context, args.workers, command, log, args.report))


if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the processes of the jobs
    run_tool(main)
