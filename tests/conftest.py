"""What several tests use."""

import gc
import json
import os
import random
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import cached_format  # noqa: F401
import numpy as np
import pytest
import script_processes
import torch
from mmengine.registry import DefaultScope
from synthetic.make_scenes import make_scenes

ROOT = Path(__file__).resolve().parents[1]
if 'PYTEST_XDIST_WORKER' in os.environ:  # a core each
    torch.set_num_threads(1)
    os.environ['OMP_NUM_THREADS'] = '1'


def pytest_collection_modifyitems(items):
    """Mark the tests that start processes."""
    for item in items:
        names = {*getattr(item, 'fixturenames', ()), *item.function.__code__.co_names}
        if names & {'start', 'run_ranks', 'run_python', 'start_python', 'subprocess', 'peak_bytes'}:
            item.add_marker('slow')


@pytest.fixture(autouse=True, scope='module')
def _quick_collections():
    """Keep the garbage collection of each of mmengine's datasets from walking over all imports."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _fixed_seeds():
    """Make every test deterministic."""
    random.seed(0)
    np.random.seed(0)
    torch.manual_seed(0)


@pytest.fixture
def official():
    """Numbers of the official code, see data/README.md."""
    with np.load(ROOT / 'tests/data/official_glcnet.npz') as content:
        return dict(content)


@pytest.fixture
def mmpretrain_scope():
    """Build as a config of mmpretrain does."""
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        yield


@pytest.fixture
def mmseg_scope():
    """Build as a config of mmseg does."""
    with DefaultScope.overwrite_default_scope('mmseg'):
        yield


@pytest.fixture
def free_port():
    """A port that nobody uses."""
    with socket.socket() as holder:
        holder.bind(('127.0.0.1', 0))
        return holder.getsockname()[1]


@pytest.fixture
def start():
    """Start commands in process groups of their own, and end these with the test."""
    started = []

    def start(command, **settings):
        if command[0] == sys.executable:
            child = script_processes.start_python(command, **settings)
        else:
            child = subprocess.Popen(
                [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True, cwd=ROOT, start_new_session=True, **settings,
            )  # fmt: skip
        started.append(child)
        return child

    yield start
    for child in started:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)  # whatever it started, too
        child.wait()
        child.stdout.close()


@pytest.fixture
def forked_workers(monkeypatch):
    """Start the workers of a study from the server that has imported the toolboxes.

    test_benchmark.py runs studies with the workers of a user.
    """
    script_processes.start_server()
    monkeypatch.setattr('glcnet_plugin.study.run.scheduler.START', 'forkserver')


@pytest.fixture
def ranks_environment(free_port):
    """Environments of several processes that find each other."""

    def environments(ranks):
        common = {
            **os.environ, 'WORLD_SIZE': str(ranks), 'MASTER_ADDR': '127.0.0.1',
            'MASTER_PORT': str(free_port), 'CUDA_VISIBLE_DEVICES': '-1', 'OMP_NUM_THREADS': '1',
        }  # fmt: skip
        return [{**common, 'RANK': str(i), 'LOCAL_RANK': str(i)} for i in range(ranks)]

    return environments


@pytest.fixture
def run_ranks(start, ranks_environment):
    """Run a command in several processes that find each other; what each printed."""

    def run(ranks, command, codes=0, limit=120):
        children = [start(command, env=environment) for environment in ranks_environment(ranks)]
        printed = [child.communicate(timeout=limit)[0] for child in children]
        ends = [child.returncode for child in children]
        assert ends == [codes] * ranks, '\n'.join(text[-3000:] for text in printed)
        return printed

    return run


@pytest.fixture(scope='session')
def scenes(tmp_path_factory):
    """A labelled folder of 3 scenes with 4 tiles of 160 px each."""
    folder = tmp_path_factory.mktemp('scenes')
    make_scenes(folder, scenes=3, size=320, tile=160)
    return folder


@pytest.fixture
def labelled_folder(tmp_path):
    """A hand-made labelled folder: 3 images of 8 x 8 px, 2 classes, groups A, A, B."""
    from glcnet_plugin.datasets.tiling.folder_writer import (
        write_description,
        write_image,
        write_mask,
    )

    for folder in ('images', 'masks'):
        (tmp_path / folder).mkdir()
    palette = [(255, 0, 0), (0, 255, 0)]
    rows = []
    for index, (name, group) in enumerate((('a1', 'A'), ('a2', 'A'), ('b1', 'B'))):
        write_image(tmp_path / 'images' / name, np.full((8, 8, 3), 10 * index, np.uint8))
        mask = np.zeros((8, 8), np.uint8)
        mask[:, 4:] = 1
        mask[0, 0] = 255
        write_mask(tmp_path / 'masks' / f'{name}.png', mask, palette)
        rows.append({'name': name, 'group': group})
    write_description(tmp_path, ['red', 'green'], palette, rows)
    assert json.loads((tmp_path / 'classes.json').read_text())['ignore_index'] == 255
    return tmp_path


@pytest.fixture
def tiny_glcnet():
    """Config of a GLCNet that a CPU trains in milliseconds."""
    norm_cfg = dict(type='BN')
    return dict(
        type='glcnet_plugin.GLCNet',
        data_preprocessor=dict(mean=[127.5] * 3, std=[80.0] * 3),
        backbone=dict(
            type='mmseg.ResNet',
            depth=18,
            stem_channels=8,
            base_channels=8,
            strides=(1, 2, 2, 1),
            dilations=(1, 1, 1, 2),
            norm_cfg=norm_cfg,
        ),
        decode_head=dict(
            type='mmseg.DepthwiseSeparableASPPHead',
            in_channels=64,
            in_index=3,
            channels=16,
            dilations=(1, 2),
            c1_in_channels=8,
            c1_channels=4,
            dropout_ratio=0.0,
            num_classes=12,
            norm_cfg=norm_cfg,
        ),
        style_source='decode_head.bottleneck',
        style_head=dict(type='glcnet_plugin.StyleContrastHead', in_channels=32),
        local_head=dict(type='glcnet_plugin.LocalMatchingHead', in_channels=12, region_size=12),
    )
