import os
import signal
import subprocess
import sys
import time

import pytest
import torch

pytestmark = pytest.mark.slow

CONFIG = 'configs/glcnet/glcnet_r18w16-d3plus_1xb32-60e_demo.py'
ENVIRONMENT = {
    **os.environ, 'PYTHON': sys.executable, 'CUDA_VISIBLE_DEVICES': '-1', 'OMP_NUM_THREADS': '1',
}  # fmt: skip


@pytest.fixture
def train(start, scenes, tmp_path):
    """Start the script on 12 tiles in batches of 3."""

    def train(processes, *options, epochs=1, **environment):
        settings = [
            f'train_dataloader.dataset.data_root={scenes}/images',
            f'train_cfg.max_epochs={epochs}',
            'train_dataloader.batch_size=3', 'train_dataloader.num_workers=1',
        ]  # fmt: skip
        command = ['tools/dist_train.sh', CONFIG, processes, '--work-dir', tmp_path / 'run']
        command += [*options, '--cfg-options', *settings]
        return start(command, env={**ENVIRONMENT, **environment})

    return train


def wait_for(condition, child, limit=100):
    end = time.monotonic() + limit
    while not condition():
        assert child.poll() is None and time.monotonic() < end, child.communicate()[0][-3000:]
        time.sleep(0.05)


def test_two_machines_train_one_network(train, free_port, tmp_path):
    """Two agents on this machine, as on two of a cluster, each with one process."""
    common = {'NNODES': '2', 'PORT': str(free_port), 'MASTER_ADDR': '127.0.0.1'}
    nodes = [train(1, NODE_RANK=str(rank), **common) for rank in (0, 1)]
    printed = [node.communicate(timeout=150)[0] for node in nodes]
    assert [node.returncode for node in nodes] == [0, 0], printed
    assert '2 processes on the CPU, connected by gloo' in printed[0]
    saved = torch.load(tmp_path / 'run/epoch_1.pth', weights_only=False)
    assert saved['meta']['iter'] == 2  # 12 tiles / (2 processes x 3)


def test_sigterm_to_the_agent_saves_and_resume_goes_on(train, tmp_path):
    child = train(2, epochs=500)
    wait_for(lambda: list(tmp_path.glob('run/*/vis_data/vis_image/features_*.png')), child)
    child.send_signal(signal.SIGTERM)
    printed = child.communicate(timeout=100)[0]
    assert child.returncode != 0
    assert 'SIGTERM: stopped after iteration' in printed
    done = torch.load(tmp_path / 'run/stopped.pth', weights_only=False)['meta']['iter']
    last = done // 2 + 1
    child = train(2, '--resume', epochs=last)
    printed = child.communicate(timeout=100)[0]
    assert child.returncode == 0, printed[-3000:]
    saved = torch.load(tmp_path / f'run/epoch_{last}.pth', weights_only=False)
    assert saved['meta']['iter'] == 2 * last


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [([CONFIG], 'tools/dist_train.sh CONFIG GPUS'), ([CONFIG, 'two'], "got 'two'")],
)
def test_wrong_use(arguments, message):
    done = subprocess.run(['tools/dist_train.sh', *arguments], capture_output=True, text=True)
    assert done.returncode == 2 and message in done.stderr
