import json
import os
import subprocess
import sys

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope

pytestmark = pytest.mark.slow

CONFIG = 'configs/downstream/d3plus_r18w16_1xb8-120i_demo.py'


def test_two_processes_score_as_one(scenes, tmp_path, start):
    with DefaultScope.overwrite_default_scope('mmseg'):
        model = MODELS.build(Config.fromfile(CONFIG).model)
    torch.save({'state_dict': model.state_dict(), 'meta': {}}, tmp_path / 'x.pth')
    environment = {
        **os.environ, 'PYTHON': sys.executable, 'CUDA_VISIBLE_DEVICES': '-1',
        'OMP_NUM_THREADS': '1',
    }  # fmt: skip
    settings = [
        '--cfg-options', f'test_dataloader.dataset.data_root={scenes}',
        'test_dataloader.dataset.ann_file=', 'test_dataloader.num_workers=0',
        'test_dataloader.persistent_workers=False',
    ]  # fmt: skip
    commands = {
        'one': [sys.executable, 'tools/test.py', CONFIG, tmp_path / 'x.pth'],
        'two': ['tools/dist_test.sh', CONFIG, tmp_path / 'x.pth', 2],
    }
    for name, command in commands.items():
        options = ['--work-dir', tmp_path / 'log', '--out', tmp_path / name, *settings]
        child = start([*command, *options], env=environment)
        printed = child.communicate(timeout=150)[0]
        assert child.returncode == 0, printed[-3000:]
    one, two = (json.loads((tmp_path / f'{name}/scores.json').read_text()) for name in commands)
    assert one == two


def test_wrong_use():
    done = subprocess.run(['tools/dist_test.sh', CONFIG, 'x.pth'], capture_output=True, text=True)
    assert done.returncode == 2 and 'CONFIG CHECKPOINT GPUS' in done.stderr
