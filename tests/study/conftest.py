"""A study that takes seconds."""

import pytest

from glcnet_plugin.study.context import prepare_study
from glcnet_plugin.study.settings import read_study
from glcnet_plugin.study.tiles import write_lists

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
def context(study, tmp_path):
    """The study in a folder of its own, with its lists of tiles."""
    context = prepare_study(study, tmp_path / 'study')
    write_lists(context.tiles, context.folder / 'lists')
    return context


@pytest.fixture
def tiles(context):
    return context.tiles


@pytest.fixture
def jobs(context):
    """Jobs of the study by name."""
    return {job.name: job for job in context.plan}
