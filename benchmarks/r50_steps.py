"""Cut a study of ResNet-50 by SIGTERM again and again, and compare its results with an uncut run.

The study of Dubai for a GPU, made small: generated tiles of 64 px, some steps, one thread. The cut
run is started with the same command each time, as for a machine that is there for some minutes
only. Every job has to end with the results of the uncut run, bit for bit.

Example:
    python benchmarks/r50_steps.py
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from kill_and_resume import ROOT, finish, trained, wait_until_trained
from measure import report

STUDY = ROOT / 'benchmarks/studies/dubai_r50.py'
METHODS = ('glcnet', 'mocov2')  # and random weights
VIEWS = 'train_dataloader.dataset.pipeline.2.views'
PRETRAINING = {
    'train_dataloader.batch_size': 8,
    'train_dataloader.dataset.pipeline.1.crop_size': 64,
    f'{VIEWS}.0.0.scale': 64,
    f'{VIEWS}.1.0.scale': 64,
    'default_hooks.logger.interval': 1,
}
REGIONS = {'glcnet': {'model.local_head.region_size': 12}}  # 48 of 224
FINETUNING = {
    'train_cfg.max_iters': 12,
    'train_dataloader.batch_size': 4,
    'train_dataloader.dataset.pipeline.3.crop_size': (64, 64),
    'default_hooks.logger.interval': 1,
}
# The job that is under way at each cut, and its steps until then.
CUTS = (
    ('pretrain/glcnet/seed0', 2),
    ('pretrain/glcnet/seed0', 6),
    ('pretrain/mocov2/seed0', 5),
    ('finetune/glcnet/8tiles/seed0', 5),
)
OF_TIME = ('seconds', 'training_seconds', 'resumed')  # differ between runs


def write_study(tiles: Path, path: Path) -> None:
    """Write the config of the small study."""
    options = {name: {**PRETRAINING, **REGIONS.get(name, {})} for name in METHODS}
    settings = {
        '_base_': str(STUDY),
        'data': {'root': str(tiles), 'held_out': ['s003'], 'max_train': 32},
        'only': ['random', *METHODS],
        'proposed': METHODS[0],
        'methods': {name: {'options': value} for name, value in options.items()},
        'labels': ['8'],
        'seeds': [0],
        'pretrain_steps': 12,
        'finetune_options': FINETUNING,
    }
    path.write_text(''.join(f'{key} = {value!r}\n' for key, value in settings.items()))


def start(study: Path, folder: Path) -> subprocess.Popen[bytes]:
    """Start or continue the study; its output is in ``folder.txt``."""
    command = [sys.executable, ROOT / 'tools/benchmark.py', study, '--work-dir', folder,
               '--workers', '1']  # fmt: skip
    with folder.with_suffix('.txt').open('ab') as log:
        return subprocess.Popen(
            [str(c) for c in command], stdout=log, stderr=log,
            env={**os.environ, 'CUDA_VISIBLE_DEVICES': ''},
        )  # fmt: skip


def cut(study: Path, folder: Path, job: str, steps: int) -> dict[str, Any]:
    """Continue the study until a job has made some steps, then end it.

    Args:
        study: Config of the study.
        folder: Its folder.
        job: Name of the job.
        steps: Its steps, those of earlier runs included.

    Returns:
        The job, its last step, how long the study took to end, and its exit status.
    """
    child = start(study, folder)
    wait_until_trained(folder / job, steps)
    begin = time.monotonic()
    child.send_signal(signal.SIGTERM)
    status = child.wait()
    seconds = round(time.monotonic() - begin, 1)
    return {'job': job, 'after_step': max(trained(folder / job)), 'seconds': seconds,
            'status': status}  # fmt: skip


def losses(folder: Path) -> dict[int, float]:
    """Logged loss by step, of all runs in the folder of a job; empty for a probe."""
    logs = sorted(folder.glob('*/vis_data/scalars.json'))
    rows = [json.loads(line) for log in logs for line in log.read_text().splitlines()]
    return {row['step']: row['loss'] for row in rows if 'loss' in row}


def results(folder: Path) -> dict[str, Any]:
    """What the jobs of a study wrote, without times, and their losses."""
    content = {}
    for path in sorted(folder.rglob('metrics.json')):
        result = json.loads(path.read_text())
        kept = {key: value for key, value in result.items() if key not in OF_TIME}
        content[result['job']] = {**kept, 'losses': losses(path.parent)}
    return content


def campaign(folder: Path) -> dict[str, Any]:
    """Run the study without and with cuts.

    Args:
        folder: Where to run it.

    Returns:
        The cuts, the steps in order of the pretrainings that were cut, the number of jobs, and of
        those with the same results.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tiles, study = folder / 'tiles', folder / 'small_r50.py'
    tool = ROOT / 'demo/synthetic/make_scenes.py'
    subprocess.run(
        [sys.executable, tool, tiles, '--scenes', '4', '--size', '256', '--tile', '64'], check=True
    )
    write_study(tiles, study)
    whole, parts = folder / 'whole', folder / 'parts'
    finish(start(study, whole), whole)
    cuts = [cut(study, parts, job, steps) for job, steps in CUTS]
    finish(start(study, parts), parts)
    expected, found = results(whole), results(parts)
    return {
        'cuts': cuts,
        'steps': {job: trained(parts / job) for job in dict(CUTS)},
        'jobs': len(expected),
        'identical': sum(found.get(job) == result for job, result in expected.items()),
    }


def main() -> None:
    """Run the campaign; fail unless all results are identical."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--work-dir', type=Path, default=Path('work_dirs/r50_steps'))
    folder = parser.parse_args().work_dir / time.strftime('%Y%m%d_%H%M%S')
    figures = campaign(folder.resolve())
    report('r50_steps', figures)
    sys.exit(figures['identical'] < figures['jobs'])


if __name__ == '__main__':
    main()
