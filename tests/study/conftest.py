"""A study that takes seconds."""

import pytest

from glcnet_plugin.study.settings import read_study
from glcnet_plugin.study.tiles import choose_tiles

TEXT = """
_base_ = '{root}/configs/_base_/studies/methods_demo.py'
title = 'A small study'
data = dict(root='{tiles}')
only = ['random', 'glcnet', 'simclr']
labels = ['2', '4']
seeds = [0, 1]
pretrain_steps = 2
finetune_options = {{'train_cfg.max_iters': 2, 'train_dataloader.batch_size': 2}}
methods = dict(
    glcnet=dict(options={{'train_dataloader.batch_size': 4}}),
    simclr=dict(options={{'train_dataloader.batch_size': 4}}),
)
quick = dict(seeds=[0], only=['random', 'glcnet'])
"""


@pytest.fixture
def study_file(scenes, tmp_path, request):
    path = tmp_path / 'small.py'
    path.write_text(TEXT.format(root=request.config.rootpath, tiles=scenes))
    return path


@pytest.fixture
def study(study_file):
    return read_study(study_file)


@pytest.fixture
def tiles(study):
    return choose_tiles(study)


@pytest.fixture
def lists(tiles, tmp_path):
    from glcnet_plugin.study.tiles import write_lists

    return write_lists(tiles, tmp_path / 'lists')
