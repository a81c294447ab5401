import os
import subprocess

import pytest

pytestmark = pytest.mark.slow


@pytest.fixture
def srun(tmp_path):
    """Run the script with a srun that prints what it is given."""
    fake = tmp_path / 'srun'
    fake.write_text('#!/bin/sh\nprintf "%s\\n" "$@" "port $MASTER_PORT"\n')
    fake.chmod(0o755)

    def run(*arguments, **environment):
        path = f'{tmp_path}:{os.environ["PATH"]}'
        done = subprocess.run(
            ['tools/slurm_train.sh', *arguments], capture_output=True, text=True,
            env={**os.environ, 'PATH': path, 'PYTHON': 'python9', **environment},
        )  # fmt: skip
        return done.returncode, done.stdout.splitlines(), done.stderr

    return run


def test_resources_and_command(srun):
    code, given, _ = srun(
        'gpu', 'name', 'config.py', '--resume', GPUS='16', GPUS_PER_NODE='8', PORT='12345',
        SRUN_ARGS='--time=2-0 --signal=TERM@120',
    )  # fmt: skip
    assert code == 0 and given == [
        '--partition=gpu', '--job-name=name', '--ntasks=16', '--gres=gpu:8',
        '--ntasks-per-node=8', '--cpus-per-task=5', '--kill-on-bad-exit=1', '--time=2-0',
        '--signal=TERM@120', 'python9', '-u', 'tools/train.py', 'config.py', '--launcher',
        'slurm', '--resume', 'port 12345',
    ]  # fmt: skip


def test_fewer_processes_than_a_machine_has(srun):
    assert '--gres=gpu:2' in srun('gpu', 'name', 'config.py', GPUS='2')[1]


def test_on_cpus_no_gpu_is_asked_for(srun):
    _, given, _ = srun('cpu', 'name', 'config.py', GPUS='2', GPUS_PER_NODE='0')
    assert '--ntasks=2' in given and not any('gpu' in part for part in given)


def test_jobs_on_one_machine_have_ports_of_their_own(srun):
    ports = {srun('gpu', 'name', 'config.py')[1][-1] for _ in range(4)}
    assert len(ports) > 1 and all(20000 <= int(port.split()[1]) < 30000 for port in ports)


def test_wrong_use(srun):
    code, _, said = srun('gpu', 'name')
    assert code == 2 and 'PARTITION JOB_NAME CONFIG' in said
