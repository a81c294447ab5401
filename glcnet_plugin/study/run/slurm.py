"""Run the jobs of a study as slurm job arrays."""

import shlex
import sys
from collections.abc import Sequence

from glcnet_plugin.study.context import StudyContext

SCRIPT = """#!/usr/bin/env bash
#SBATCH --array=1-{count}
#SBATCH --output={folder}/%A_%a.log
#SBATCH --signal=B:TERM@120
{options}
# a finished job is not run again
job=$(sed -n "${{SLURM_ARRAY_TASK_ID}}p" {folder}/{stage}.txt)
exec {command} --job "$job"
"""


def write_array(context: StudyContext, command: str, options: str) -> str:
    """Write one script for the pretrainings, and one for the jobs that need them.

    Args:
        context: The study.
        command: The command line that was typed, with ``--slurm``.
        options: Options of ``sbatch``.

    Returns:
        The lines that submit the scripts.
    """
    folder = context.folder / 'slurm'
    folder.mkdir(parents=True, exist_ok=True)
    line = shlex.join([sys.executable, *_without_slurm(shlex.split(command))])
    stages = {
        'pretrain': [job.name for job in context.plan if job.kind == 'pretrain'],
        'score': [job.name for job in context.plan if job.kind != 'pretrain'],
    }
    header = '\n'.join(f'#SBATCH {option}' for option in shlex.split(options))
    lines: list[str] = []
    for stage, names in stages.items():
        if not names:
            continue
        (folder / f'{stage}.txt').write_text('\n'.join(names) + '\n', encoding='utf-8')
        script = folder / f'{stage}.sh'
        script.write_text(
            SCRIPT.format(count=len(names), folder=folder.resolve(), options=header,
                          stage=stage, command=line),
            encoding='utf-8',
        )  # fmt: skip
        after = ' --dependency=afterany:$first' if lines else ''
        lines.append(f'first=$(sbatch --parsable{after} {script})')
    return '\n'.join([*lines, f'{line} --report   # when they are finished'])


def _without_slurm(words: Sequence[str]) -> list[str]:
    """A command line without ``--slurm OPTIONS`` or ``--slurm=OPTIONS``."""
    kept, skip = [], False
    for word in words:
        if not skip and not word.startswith('--slurm'):
            kept.append(word)
        skip = word == '--slurm'
    return kept
