"""Run the cells of a study as arrays of slurm jobs."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from glcnet_plugin.study.plan import Cell

SCRIPT = """#!/usr/bin/env bash
#SBATCH --array=1-{count}
#SBATCH --output={folder}/slurm/%A_%a.log
#SBATCH --signal=B:TERM@120
{options}
# a cell that is finished is not run again
cell=$(sed -n "${{SLURM_ARRAY_TASK_ID}}p" {folder}/slurm/{stage}.txt)
exec {command} --cell "$cell"
"""


def write_array(plan: Sequence[Cell], folder: Path, command: str, options: str) -> str:
    """Write a script for each stage: what is pretrained, and what needs that.

    Args:
        plan: Cells of the study.
        folder: Its folder.
        command: The line that was typed, with ``--slurm``.
        options: Options of ``sbatch``.

    Returns:
        The lines that submit them.
    """
    (folder / 'slurm').mkdir(parents=True, exist_ok=True)
    line = shlex.join([sys.executable, *_without_slurm(shlex.split(command))])
    stages = {
        'pretrain': [cell.name for cell in plan if cell.kind == 'pretrain'],
        'score': [cell.name for cell in plan if cell.kind != 'pretrain'],
    }
    lines: list[str] = []
    for stage, names in stages.items():
        if not names:
            continue
        (folder / f'slurm/{stage}.txt').write_text('\n'.join(names) + '\n', encoding='utf-8')
        script = folder / f'slurm/{stage}.sh'
        header = '\n'.join(f'#SBATCH {option}' for option in shlex.split(options))
        script.write_text(
            SCRIPT.format(count=len(names), folder=folder.resolve(), options=header,
                          stage=stage, command=line),
            encoding='utf-8',
        )  # fmt: skip
        after = ' --dependency=afterany:$first' if lines else ''
        lines.append(f'first=$(sbatch --parsable{after} {script})')
    return '\n'.join([*lines, f'{line} --report   # when they are done'])


def _without_slurm(words: Sequence[str]) -> list[str]:
    """A command line without ``--slurm OPTIONS`` or ``--slurm=OPTIONS``."""
    kept, skip = [], False
    for word in words:
        if not skip and not word.startswith('--slurm'):
            kept.append(word)
        skip = word == '--slurm'
    return kept
