"""The commands of mim that docs/mim.md shows; training with mim is in test_end_to_end.py."""

import json
import os
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from script_processes import run_python

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
PRETRAIN = ROOT / 'configs/glcnet/glcnet_r18w16-d3plus_1xb32-60e_demo.py'
FINETUNE = ROOT / 'configs/downstream/d3plus_r18w16_1xb8-120i_demo.py'


def mim(cwd, *arguments, code=0):
    """Run mim without a GPU; what it prints."""
    done = run_python(
        [sys.executable, '-m', 'mim', *map(str, arguments)], cwd=cwd, timeout=180,
        env={**os.environ, 'CUDA_VISIBLE_DEVICES': '-1', 'OMP_NUM_THREADS': '1'},
    )  # fmt: skip
    log = done.stdout + done.stderr
    assert done.returncode == code, log[-4000:]
    return log


def test_search_shows_a_field(tmp_path):
    log = mim(tmp_path, 'search', 'glcnet_plugin', '--config', PRETRAIN.stem, '--field', 'epochs')
    shown = [line for line in log.splitlines() if line.strip('-')]
    assert shown == [f'config id: {PRETRAIN.stem}', 'epochs  60']


def test_run_starts_a_tool(tmp_path):
    log = mim(tmp_path, 'run', 'glcnet_plugin', 'make_split', '--', '--help')
    assert '--labelled' in log and 'finished successfully' in log


def test_download_says_that_there_is_no_weight(tmp_path):
    """No weights are published; docs/mim.md explains the message."""
    command = ('download', 'glcnet_plugin', '--config', PRETRAIN.stem, '--dest', tmp_path)
    assert "but got {'weight'}" in mim(tmp_path, *command, code=1)


def test_gridsearch_trains_once_per_value(scenes, tmp_path):
    log = mim(
        tmp_path, 'gridsearch', 'glcnet_plugin', PRETRAIN, '--gpus', 0, '--work-dir', 'grid',
        '--search-args', '--model.lambda_global 0.0 0.5', '--cfg-options',
        f'train_dataloader.dataset.data_root={scenes}/images', 'train_dataloader.batch_size=6',
        'train_dataloader.num_workers=0', 'train_dataloader.persistent_workers=False',
        'train_cfg.max_epochs=1', 'default_hooks.checkpoint.interval=1',
    )  # fmt: skip
    assert 'search finished successfully' in log
    for value in (0.0, 0.5):
        folder = tmp_path / f'grid_search_model.lambda_global_{value}'
        (config,) = folder.glob('*.py')
        assert Config.fromfile(config).model.lambda_global == value
        assert (folder / 'epoch_1.pth').is_file()


def test_two_processes_on_the_cpu_score_every_image_once(scenes, tmp_path):
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(Config.fromfile(FINETUNE).model)
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'random.pth')
    # an odd number: what the sampler repeats for the second process must not count
    tiles = sorted(path.stem for path in (scenes / 'images').iterdir())[:5]
    (tmp_path / 'list.txt').write_text('\n'.join(tiles))
    log = mim(
        tmp_path, 'test', 'glcnet_plugin', FINETUNE, '--checkpoint', tmp_path / 'random.pth',
        '--launcher', 'pytorch', '--gpus', 2, '--out', 'scores', '--cfg-options',
        f'test_dataloader.dataset.data_root={scenes}',
        f'test_dataloader.dataset.ann_file={tmp_path}/list.txt',
    )  # fmt: skip
    assert '2 processes on the CPU' in log and 'BN is used instead' in log
    matrix = json.loads((tmp_path / 'scores/scores.json').read_text())['confusion_matrix']
    assert sum(map(sum, matrix)) == 5 * 160 * 160
