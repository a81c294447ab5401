import subprocess
import sys
from dataclasses import replace

import pytest

from glcnet_plugin.study.run.slurm import write_array


@pytest.mark.parametrize('sign', [' ', '='])
def test_a_script_runs_the_job_of_its_number(context, tmp_path, sign, monkeypatch):
    fake = tmp_path / 'bin/python'
    fake.parent.mkdir()
    fake.write_text('#!/bin/sh\necho "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setattr(sys, 'executable', str(fake))  # the one that wrote the script
    options = '--partition=gpu --gres=gpu:1'
    command = f"tools/benchmark.py s.py --slurm{sign}'{options}' --quick"
    lines = write_array(replace(context, folder=tmp_path), command, options).splitlines()
    assert lines == [
        f'first=$(sbatch --parsable {tmp_path}/slurm/pretrain.sh)',
        f'first=$(sbatch --parsable --dependency=afterany:$first {tmp_path}/slurm/score.sh)',
        f'{fake} tools/benchmark.py s.py --quick --report   # when they are finished',
    ]
    script = (tmp_path / 'slurm/pretrain.sh').read_text()
    assert '#SBATCH --array=1-2\n' in script and '#SBATCH --gres=gpu:1\n' in script
    assert '#SBATCH --signal=B:TERM@120\n' in script
    done = subprocess.run(
        ['bash', tmp_path / 'slurm/pretrain.sh'], capture_output=True, text=True,
        env={'SLURM_ARRAY_TASK_ID': '2', 'PATH': '/usr/bin:/bin'},
    )  # fmt: skip
    assert done.stdout == 'tools/benchmark.py s.py --quick --job pretrain/simclr/seed0\n'
