"""End torchrun jobs as a scheduler does, and count those that leave a checkpoint to resume from.

Each trial starts the demo's pretraining in two processes with ``torch.distributed.run``. When it
is under way, SIGTERM goes to all processes of the job at once: the launcher, which forwards it to
its workers, the workers, and their data-loading processes. The job has to end by itself with a
complete ``stopped.pth`` and no process left.

Example:
    python benchmarks/preempt_torchrun.py --trials 20
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from kill_and_resume import CONFIG, LIMIT, ROOT, wait_until_trained
from measure import report

from glcnet_plugin.checkpoints.latest import latest_checkpoint


def start(tiles: Path, folder: Path, processes: int) -> subprocess.Popen[bytes]:
    """Start a job in a process group of its own; its output is in ``folder.txt``."""
    command = [
        sys.executable, '-m', 'torch.distributed.run', '--standalone',
        f'--nproc_per_node={processes}', ROOT / 'tools/train.py', CONFIG,
        '--launcher', 'pytorch', '--work-dir', folder,
        '--cfg-options', f'train_dataloader.dataset.data_root={tiles / "images"}',
        'train_dataloader.batch_size=4', 'default_hooks.logger.interval=1',
    ]  # fmt: skip
    environment = {**os.environ, 'OMP_NUM_THREADS': '1'}
    with folder.with_suffix('.txt').open('ab') as log:
        return subprocess.Popen(
            [str(c) for c in command], stdout=log, stderr=log, env=environment,
            start_new_session=True,
        )  # fmt: skip


def processes_left(group: int, seconds: float = 10) -> int:
    """Processes of a group that are still there after a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return 0
        time.sleep(0.1)
    listing = subprocess.run(['ps', '-o', 'pid=', '-g', str(group)], capture_output=True, text=True)
    return len(listing.stdout.split())


def preempt(tiles: Path, folder: Path, processes: int) -> dict[str, Any]:
    """Start a job, end it, and say what it left."""
    job = start(tiles, folder, processes)
    wait_until_trained(folder, random.randrange(1, 4))
    time.sleep(random.uniform(0, 1))
    begin = time.monotonic()
    os.killpg(job.pid, signal.SIGTERM)
    status = job.wait(LIMIT)
    newest, damaged = latest_checkpoint(folder)
    return {
        'status': status,
        'seconds': round(time.monotonic() - begin, 1),
        'saved': newest is not None and newest.endswith('stopped.pth') and not damaged,
        'processes_left': processes_left(job.pid),
    }


def main() -> None:
    """Run the trials and print one line each."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--tiles', type=Path, default=ROOT / 'work_dirs/demo/tiles')
    parser.add_argument('--out', type=Path, default=ROOT / 'work_dirs/preempt_torchrun')
    parser.add_argument('--trials', type=int, default=20)
    parser.add_argument('--processes', type=int, default=2)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    trials = []
    for number in range(args.trials):
        trials.append(preempt(args.tiles, args.out / f'trial_{number}', args.processes))
        print(trials[-1], flush=True)
    good = sum(trial['saved'] and not trial['processes_left'] for trial in trials)
    report('preempt_torchrun', {'good': good, 'trials': trials})


if __name__ == '__main__':
    main()
