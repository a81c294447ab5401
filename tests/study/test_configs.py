import subprocess
import sys

import numpy as np
import pytest
import torch
from mmengine.config import Config

from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.study import plan
from glcnet_plugin.study.configs import (
    finetune_config,
    other_bands,
    pretrain_config,
    scale_schedule,
    take_normalisation,
)
from glcnet_plugin.study.context import prepare_study
from glcnet_plugin.study.settings import config_file, read_study
from glcnet_plugin.study.tiles import write_lists


def test_pretraining_reads_the_pool_for_so_many_steps(context, jobs):
    cfg = pretrain_config(context, jobs['pretrain/glcnet/seed0'])
    assert len(context.tiles.train) == 8 and cfg.train_dataloader.batch_size == 4
    assert cfg.train_cfg.max_epochs == 1  # 2 steps of 4 tiles; the cosine ends with them
    assert 'T_max' not in cfg.param_scheduler[0]
    dataset = cfg.train_dataloader.dataset
    assert dataset.data_root == f'{context.study.data.root}/images'
    assert dataset.ann_file == str(context.tile_list('train'))
    assert cfg.default_hooks.checkpoint.max_keep_ckpts == 1


def test_another_number_of_steps(context, jobs):
    cfg = pretrain_config(context, jobs['pretrain/glcnet/seed0'], 9)
    assert cfg.train_cfg.max_epochs == 4  # of 2 steps each


def test_pretraining_on_another_folder_takes_all_of_it(study_file, jobs, tmp_path):
    (tmp_path / 'other').mkdir()
    for index in range(9):
        write_image(tmp_path / f'other/{index}', np.zeros((90, 90, 3), np.uint8))
    options = {'data.pretrain_root': str(tmp_path / 'other'), 'pretrain_steps': 6}
    context = prepare_study(read_study(study_file, options=options), tmp_path / 'study')
    cfg = pretrain_config(context, jobs['pretrain/glcnet/seed0'])
    dataset = cfg.train_dataloader.dataset
    assert dataset.data_root == str(tmp_path / 'other') and dataset.ann_file == ''
    assert cfg.train_cfg.max_epochs == 3  # 2 steps per epoch


def test_images_in_subfolders_make_an_epoch(study_file, jobs, tmp_path):
    """32 images on top and 640 below gave 14,700 steps for 700."""
    for index in range(9):
        folder = tmp_path / ('other' if index == 0 else 'other/below')
        folder.mkdir(parents=True, exist_ok=True)
        write_image(folder / f'{index}', np.zeros((90, 90, 3), np.uint8))
    options = {'data.pretrain_root': str(tmp_path / 'other'), 'pretrain_steps': 6}
    context = prepare_study(read_study(study_file, options=options), tmp_path / 'study')
    cfg = pretrain_config(context, jobs['pretrain/glcnet/seed0'])
    assert cfg.train_cfg.max_epochs == 3  # 2 steps per epoch


def test_scenes_give_windows(study_file, jobs, tmp_path):
    """Twelve scenes were an epoch of twelve images."""
    (tmp_path / 'scenes').mkdir()
    for index in range(2):
        write_image(tmp_path / f'scenes/{index}', np.zeros((400, 400, 3), np.uint8))
    options = {
        'data.pretrain_root': str(tmp_path / 'scenes'), 'data.pretrain_window': 100,
        'pretrain_steps': 16,
    }  # fmt: skip
    context = prepare_study(read_study(study_file, options=options), tmp_path / 'study')
    cfg = pretrain_config(context, jobs['pretrain/glcnet/seed0'])
    dataset = cfg.train_dataloader.dataset
    assert dataset.type == 'glcnet_plugin.UnlabeledSceneDataset' and dataset.window_size == 100
    assert cfg.train_cfg.max_epochs == 2  # 32 windows, 8 steps per epoch


def test_fine_tuning_is_scored_once_at_the_end(context, jobs):
    job = jobs['finetune/glcnet/2tiles/seed0']
    cfg = finetune_config(context, job)
    assert cfg.train_cfg.max_iters == 2
    assert cfg.train_dataloader.dataset.ann_file == str(context.tile_list('2_0'))
    assert cfg.test_dataloader.dataset.ann_file == str(context.tile_list('val'))
    assert cfg.test_evaluator.output_dir == str(context.folder_of(job))
    assert cfg.val_dataloader is None and cfg.val_cfg is None
    weights = str(context.folder / 'pretrain/glcnet/seed0/weights.pth')
    hook = cfg.default_hooks.pretrained
    assert (hook.checkpoint, hook.scope) == (weights, 'encoder')
    assert cfg.default_hooks.checkpoint is None and cfg.model.decode_head.num_classes == 6
    random = finetune_config(context, jobs['finetune/random/2tiles/seed0'])
    assert random.default_hooks.pretrained.checkpoint is None


def test_a_batch_is_no_larger_than_the_labels_in_epochs(study_file, tmp_path, jobs):
    options = {
        'finetune_options': {'train_dataloader.batch_size': 16},
        'networks.resnet18w16': 'downstream/d3plus_r50_1xb16-150e_rgb.py',
    }
    context = prepare_study(read_study(study_file, options=options), tmp_path / 'study')
    cfg = finetune_config(context, jobs['finetune/glcnet/4tiles/seed0'])
    assert cfg.train_dataloader.batch_size == 4


ONE_THREAD = """
import numpy, sklearn.linear_model, torch
from threadpoolctl import threadpool_info
from glcnet_plugin.study.configs import one_thread
one_thread()
assert {pool['num_threads'] for pool in threadpool_info()} == {1}, threadpool_info()
assert torch.get_num_threads() == 1
"""


@pytest.mark.slow
def test_one_thread_holds_for_linear_algebra_too():
    """In a process of its own: the limit stays."""
    subprocess.run([sys.executable, '-c', ONE_THREAD], check=True, timeout=120)


LITE0 = 'imagenet://efficientnet_lite0'


@pytest.fixture
def continued(study_file, tmp_path):
    """A study of a pretraining by steps that starts from ImageNet's weights, and its jobs."""
    start = {'checkpoint': LITE0, 'network': 'lite0'}
    glcnet = 'glcnet/glcnet_lite0-d3plus_1xb24-1000i_rgb-imagenet.py'
    options = {
        'networks': {'lite0': 'downstream/linear_lite0_1xb8-300i_few-labels.py'},
        'methods': {
            'random': {'network': 'lite0'},
            'imagenet': start,
            'imagenet-tiles': {**start, 'tile_statistics': True},
            'glcnet': {**start, 'config': glcnet},
        },
        'only': ['random', 'imagenet', 'imagenet-tiles', 'glcnet'],
        'finetune_options': {},
    }  # fmt: skip
    context = prepare_study(read_study(study_file, options=options), tmp_path / 'continued')
    write_lists(context.tiles, context.folder / 'lists')
    return context, {job.name: job for job in context.plan}


def test_continued_pretraining_starts_where_the_study_says(continued, context, jobs):
    context_, jobs_ = continued
    cfg = pretrain_config(context_, jobs_['pretrain/glcnet/seed0'])
    assert cfg.train_cfg.max_iters == 2 and 'max_epochs' not in cfg.train_cfg
    assert (cfg.default_hooks.pretrained.checkpoint, cfg.default_hooks.pretrained.scope) == (
        LITE0, 'backbone',
    )  # fmt: skip
    random = pretrain_config(context, jobs['pretrain/glcnet/seed0'])
    assert random.default_hooks.pretrained.checkpoint is None
    tuned = finetune_config(context_, jobs_['finetune/glcnet/2tiles/seed0'])
    assert tuned.default_hooks.pretrained.checkpoint.endswith('pretrain/glcnet/seed0/weights.pth')


def test_statistics_of_the_tiles_only_where_they_are_asked_for(continued):
    context, jobs = continued
    hooks = {
        name: finetune_config(context, jobs[f'finetune/{name}/2tiles/seed0']).default_hooks
        for name in context.study.methods
    }
    assert [name for name, of in hooks.items() if 'tile_statistics' in of] == [
        'random', 'imagenet-tiles',
    ]  # fmt: skip
    assert hooks['random'].tile_statistics.ann_file == str(context.tile_list('train'))


def test_weights_for_three_bands_are_inflated_for_others():
    cfg = Config(dict(model=dict(backbone=dict(in_channels=4))))
    assert other_bands(cfg) and not other_bands(Config(dict(model=dict(backbone=dict()))))


def test_published_weights_bring_their_mean_and_std(study_file, tmp_path, monkeypatch):
    """ImageNet was compared with the mean and std of the official GLCNet, 0.73 of its contrast."""
    monkeypatch.setattr(plan, '_fetch_once', lambda source: None)
    start = {'checkpoint': 'torchvision://resnet18', 'network': 'resnet18w16'}
    glcnet = read_study(study_file).methods['glcnet']
    ours = {'config': glcnet.config, 'options': dict(glcnet.options)}
    options = {
        'methods': {'imagenet': start, 'imagenet-glcnet': {**start, **ours}},
        'only': ['random', 'glcnet', 'imagenet', 'imagenet-glcnet'],
    }
    context = prepare_study(read_study(study_file, options=options), tmp_path / 'study')
    write_lists(context.tiles, context.folder / 'lists')
    jobs = {job.name: job for job in context.plan}
    means = {}
    for name in options['only']:
        cfg = finetune_config(context, jobs[f'finetune/{name}/2tiles/seed0'])
        means[name] = cfg.model.data_preprocessor.mean
        if f'pretrain/{name}/seed0' in jobs:
            cfg = pretrain_config(context, jobs[f'pretrain/{name}/seed0'])
            assert cfg.model.data_preprocessor.mean == means[name]
    assert means['imagenet'] == means['imagenet-glcnet'] == [123.675, 116.28, 103.53]
    assert means['random'] == means['glcnet'] == [127.5] * 3


def test_recorded_mean_and_std_are_taken_too(tmp_path):
    """Weights of timm and of earlier trainings were read with the mean and std of the config."""
    given = dict(mean=[127.5] * 3, std=[79.7] * 3)
    model = dict(backbone=dict(), data_preprocessor=given)
    for names, bands in ((['a'] * 3, [1.0, 2.0, 3.0]), (['a'] * 4, [1.0] * 4)):
        meta = {'bands': {'names': names, 'mean': bands, 'std': bands}}
        torch.save({'state_dict': {}, 'meta': meta}, tmp_path / 'x.pth')
        cfg = Config(dict(model=model))
        take_normalisation(cfg, str(tmp_path / 'x.pth'))
        expected = bands if len(bands) == 3 else given['mean']
        assert cfg.model.data_preprocessor.mean == expected
    torch.save({'w': torch.zeros(1)}, tmp_path / 'x.pth')  # of another library
    cfg = Config(dict(model=model))
    take_normalisation(cfg, str(tmp_path / 'x.pth'))
    assert cfg.model.data_preprocessor == given


def test_inflated_weights_keep_the_statistics_of_the_bands():
    given = dict(mean=[1.0] * 4, std=[2.0] * 4)
    cfg = Config(dict(model=dict(backbone=dict(in_channels=4), data_preprocessor=given)))
    take_normalisation(cfg, 'torchvision://resnet50')
    assert cfg.model.data_preprocessor == given


@pytest.mark.parametrize(('steps', 'warmup'), [(1000, 50), (400, 20), (3000, 150), (2, 0)])
def test_a_warm_up_keeps_its_share_of_the_steps(steps, warmup):
    """Two steps ended in "end should be larger than begin" of the preset's 50."""
    cfg = Config.fromfile(config_file('glcnet/glcnet_lite0-d3plus_1xb24-1000i_rgb-imagenet.py'))
    scale_schedule(cfg, steps)
    assert cfg.train_cfg.max_iters == steps
    ends = [one.end for one in cfg.param_scheduler if one.type == 'LinearLR']
    assert ends == ([warmup] if warmup else [])
    (cosine,) = [one for one in cfg.param_scheduler if one.type == 'CosineAnnealingLR']
    assert cosine.begin == warmup and 'end' not in cosine


def schedule(length, *schedulers, total, unit='max_iters'):
    """The schedulers of a run of another length."""
    given = schedulers[0] if len(schedulers) == 1 else list(schedulers)
    cfg = Config(dict(train_cfg={unit: total}, param_scheduler=given))
    scale_schedule(cfg, length)
    assert cfg.train_cfg[unit] == length
    return [dict(one) for one in cfg.param_scheduler]


def test_a_schedule_of_the_same_length_stays():
    """The cosine ended a step earlier."""
    warmup = dict(type='LinearLR', by_epoch=False, begin=0, end=29)
    cosine = dict(type='CosineAnnealingLR', by_epoch=False, begin=29, end=100, T_max=71)
    assert schedule(100, warmup, cosine, total=100) == [warmup, cosine]


@pytest.mark.parametrize(('unit', 'by_epoch'), [('max_iters', False), ('max_epochs', True)])
def test_all_that_counts_is_scaled(unit, by_epoch):
    parts = [
        dict(begin=0, end=50), dict(begin=50, end=1000, T_max=950), dict(milestones=[600, 900]),
        dict(step_size=1, end=None),
    ]  # fmt: skip
    parts = [dict(one, by_epoch=by_epoch) for one in parts]
    warmup, cosine, drops, steps = schedule(100, *parts, total=1000, unit=unit)
    assert (warmup['end'], cosine['begin'], cosine['end'], cosine['T_max']) == (5, 5, 100, 95)
    assert drops['milestones'] == [60, 90] and (steps['step_size'], steps['end']) == (1, None)


def test_a_warm_up_in_steps_keeps_its_share_of_epochs():
    """It could be longer than the whole run."""
    (warmup,) = schedule(3, dict(by_epoch=False, end=500), total=100, unit='max_epochs')
    assert warmup['end'] == 15


def test_one_step_is_left_to_the_cosine():
    parts = dict(end=600, by_epoch=False), dict(begin=600, by_epoch=False)
    assert schedule(1, *parts, total=1000) == [dict(begin=0, by_epoch=False)]
