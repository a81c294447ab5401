"""Kill a pretraining at random moments, resume it, and compare the ends bit for bit.

The demo's pretraining on generated tiles, with a checkpoint per epoch. An uninterrupted run gives
the expected weights and state of the optimizer. Each trial then starts in a new folder: the run is
ended by SIGKILL at any time, while a checkpoint is written, or between two epochs, resumed with
``--resume``, and its last checkpoint is compared. A fifth as many runs are ended by SIGTERM, on
which they save first.

Example:
    python benchmarks/kill_and_resume.py
    python benchmarks/kill_and_resume.py --kills 3 --tiles data/my_tiles
"""

import argparse
import json
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import torch
from measure import report

from glcnet_plugin.checkpoints.latest import latest_checkpoint

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / 'configs/glcnet/glcnet_r18w16-d3plus_1xb32-60e_demo.py'
MOMENTS = ('any', 'writing', 'between epochs')  # of SIGKILL; SIGTERM comes at any
LIMIT = 600  # maximum duration of a run in seconds


def start(tiles: Path, folder: Path, epochs: int, *options: str) -> subprocess.Popen[bytes]:
    """Start a training; its output is in ``folder.txt``."""
    settings = {
        'train_dataloader.dataset.data_root': tiles / 'images',
        'train_cfg.max_epochs': epochs,
        'default_hooks.checkpoint.interval': 1,
        'default_hooks.logger.interval': 1,
    }
    command = [
        sys.executable, ROOT / 'tools/train.py', CONFIG, '--work-dir', folder, *options,
        '--cfg-options', *(f'{key}={value}' for key, value in settings.items()),
    ]  # fmt: skip
    with folder.with_suffix('.txt').open('ab') as log:
        return subprocess.Popen([str(c) for c in command], stdout=log, stderr=log)


def finish(child: subprocess.Popen[bytes], folder: Path) -> None:
    """Wait for a training that should succeed."""
    if child.wait(LIMIT):
        raise RuntimeError(folder.with_suffix('.txt').read_text(errors='replace')[-3000:])


def trained(folder: Path) -> list[int]:
    """Iterations whose losses were logged, of all runs in a folder, in order of the runs."""
    logs = sorted(folder.glob('*/vis_data/scalars.json'))
    rows = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    return [row['step'] for row in rows if 'loss' in row]


def wait_until_trained(folder: Path, steps: int) -> float:
    """Wait until a run has made that many steps; the time then."""
    end = time.monotonic() + LIMIT
    while len(trained(folder)) < steps:
        time.sleep(0.01)
        if time.monotonic() > end:
            raise RuntimeError(f'{folder} did not reach step {steps} within {LIMIT} s')
    return time.monotonic()


def wait_for(
    moment: str, folder: Path, epochs: int, steps: int, seconds: float,
    child: subprocess.Popen[bytes],
) -> None:  # fmt: skip
    """Wait for the moment at which a run is ended, or for its own end."""
    if moment in ('any', 'SIGTERM'):
        wait_until_trained(folder, random.randrange(1, steps))
        time.sleep(random.uniform(0, seconds))
        return
    wait_until_trained(folder, 1)
    name = f'epoch_{random.randrange(1, epochs)}.pth' + '.*.part' * (moment == 'writing')
    while not any(folder.glob(name)) and child.poll() is None:
        pass  # the file exists for only some milliseconds


def same(one: Any, other: Any) -> bool:
    """Whether two states of tensors, numbers, lists and dicts are equal bit for bit."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def final_state(folder: Path, epochs: int) -> dict[str, Any]:
    """Weights, and states of optimizer and schedulers, at the end of a run."""
    checkpoint = torch.load(folder / f'epoch_{epochs}.pth', weights_only=False)
    return {key: checkpoint[key] for key in ('state_dict', 'optimizer', 'param_schedulers')}


def end_once(
    moment: str, tiles: Path, folder: Path, epochs: int, steps: int, seconds: float, expected: Any
) -> dict[str, Any]:
    """End a run and resume it.

    Args:
        moment: When it is ended: one of ``MOMENTS``, or ``SIGTERM``.
        tiles: Folder of the data.
        folder: Folder of the run.
        epochs: Length of the run in epochs.
        steps: Its length in steps.
        seconds: How long a step takes.
        expected: State at the end of the uninterrupted run.

    Returns:
        The iteration after which it was ended, that of its newest intact checkpoint, the first
        one that was trained after the resume, whether the final states are identical, ...
    """
    status = 0
    while status == 0:  # on a busy machine the moment may pass unseen: once more
        shutil.rmtree(folder, ignore_errors=True)
        child = start(tiles, folder, epochs)
        wait_for(moment, folder, epochs, steps, seconds, child)
        child.send_signal(signal.SIGTERM if moment == 'SIGTERM' else signal.SIGKILL)
        status = child.wait(LIMIT)
    before, (newest, damaged) = trained(folder), latest_checkpoint(folder)
    cut_off = sorted(path.name for path in folder.glob('*.part'))
    saved = 0 if newest is None else torch.load(newest, weights_only=False)['meta']['iter']
    finish(start(tiles, folder, epochs, '--resume'), folder)
    after = trained(folder)[len(before) :]
    return {
        'moment': moment,
        'status': status,
        'ended_after': max(before),
        'cut_off': cut_off,
        'damaged': damaged,
        'checkpoint': saved,
        'resumed_with': min(after, default=0),
        'identical': same(final_state(folder, epochs), expected),
    }


def campaign(tiles: Path, folder: Path, kills: int, epochs: int) -> list[dict[str, Any]]:
    """Run once without interruption, then end and resume runs; one result per interrupted run."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = folder / 'whole'
    child = start(tiles, whole, epochs)
    begin = wait_until_trained(whole, 1)
    finish(child, whole)
    expected, steps = final_state(whole, epochs), len(trained(whole))
    seconds = (time.monotonic() - begin) / steps
    moments = [MOMENTS[number % 3] for number in range(kills)]
    moments += ['SIGTERM'] * max(1, kills // 5)
    results = []
    for number, moment in enumerate(moments, 1):
        place = folder / f'run{number}'
        one = end_once(moment, tiles, place, epochs, steps, seconds, expected)
        while one['ended_after'] == steps:  # the training was over before the signal: try again
            shutil.rmtree(place)
            one = end_once(moment, tiles, place, epochs, steps, seconds, expected)
        results.append(one)
        print(f'{number} of {len(moments)}: {one}', flush=True)
    return results


def main() -> None:
    """Run the campaign; fail unless all final states are identical."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--kills', type=int, default=20)
    parser.add_argument('--epochs', type=int, default=3)
    parser.add_argument('--tiles', type=Path, help='labelled folder; default: generated scenes')
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/soak'))
    parser.add_argument('--seed', type=int, default=0, help='of the moments')
    args = parser.parse_args()
    random.seed(args.seed)
    run = args.work_dir / time.strftime('%Y%m%d_%H%M%S')
    tiles = args.tiles or run / 'tiles'
    if args.tiles is None:
        tool = ROOT / 'demo/synthetic/make_scenes.py'
        subprocess.run([sys.executable, tool, tiles, '--scenes', '16'], check=True)
    results = campaign(tiles, run, args.kills, args.epochs)
    good = sum(one['identical'] and one['resumed_with'] == one['checkpoint'] + 1 for one in results)
    summary = {
        'kills': sum(one['moment'] != 'SIGTERM' for one in results),
        'terminations': sum(one['moment'] == 'SIGTERM' for one in results),
        'identical_and_nothing_replayed': good,
    }
    report('kill_and_resume', {**summary, 'each': results})
    sys.exit(good < len(results))


if __name__ == '__main__':
    main()
