"""Trainings for hooks: on random pairs of views, and on labelled tiles."""

import copy

import numpy as np
import pytest
import torch
from mmengine.config import ConfigDict
from mmengine.dataset import default_collate
from mmengine.runner import Runner
from mmpretrain.structures import DataSample
from torch.utils.data import DataLoader, Dataset


class RandomPairs(Dataset):
    """Two views of noise, drawn from the streams of NumPy and torch."""

    def __len__(self):
        return 8

    def __getitem__(self, index):
        sample = DataSample(metainfo=dict(img_path=f'/data/tile{index}.png'))
        sample.set_field(torch.eye(3).repeat(2, 1, 1), 'view_matrix')
        noise = torch.from_numpy(np.random.randint(0, 256, (3, 48, 48), np.uint8))
        return {'inputs': [noise, torch.randint(0, 256, (3, 48, 48)).byte()],
                'data_samples': sample}  # fmt: skip


@pytest.fixture
def train():
    """A function that trains with 2 iterations of 4 pairs per epoch."""
    return _train


def _train(model, folder, hooks, epochs=2):
    """Train with 2 iterations of 4 pairs per epoch."""
    folder.mkdir(exist_ok=True)
    model = copy.deepcopy(model)
    if 'decode_head' in model:
        model['decode_head']['dropout_ratio'] = 0.5
    runner = Runner(
        model=model,
        work_dir=str(folder),
        default_scope='mmpretrain',
        train_dataloader=DataLoader(RandomPairs(), 4, shuffle=True, collate_fn=default_collate),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=1e-3)),
        custom_hooks=hooks,
        default_hooks=dict(checkpoint=None),
        visualizer=dict(
            type='Visualizer', name=str(folder), vis_backends=[dict(type='LocalVisBackend')]
        ),
        randomness=dict(seed=0),
        experiment_name=str(folder),
    )
    runner.train()
    return runner


@pytest.fixture
def finetune(tiny_glcnet, tile_loader):
    """A function that fine-tunes a tiny network on 4 tiles, in 2 iterations of 2 crops."""

    def finetune(folder, hooks, iterations=2, model=None, task=Runner.train, **settings):
        folder.mkdir(exist_ok=True)
        runner = Runner(
            **{
                **dict(
                    model=model or tiny_segmentor(tiny_glcnet),
                    work_dir=str(folder),
                    default_scope='mmseg',
                    train_dataloader=tile_loader,
                    train_cfg=dict(by_epoch=False, max_iters=iterations),
                    optim_wrapper=dict(optimizer=dict(type='Adam', lr=1e-3)),
                    custom_hooks=hooks,
                    default_hooks=dict(checkpoint=None),
                    randomness=dict(seed=0),
                    experiment_name=str(folder),
                ),
                **settings,
            }
        )
        task(runner)
        return runner

    return finetune


def tiny_segmentor(glcnet):
    """Config of a segmentation network of the parts of a tiny GLCNet."""
    return dict(
        type='glcnet_plugin.RSEncoderDecoder',
        data_preprocessor=dict(
            type='glcnet_plugin.RSSegDataPreProcessor',
            size_divisor=32,
            **glcnet['data_preprocessor'],
        ),
        backbone=glcnet['backbone'],
        decode_head=dict(glcnet['decode_head'], num_classes=6, dropout_ratio=0.5),
        test_cfg=ConfigDict(mode='whole'),
    )


@pytest.fixture
def tile_loader(scenes):
    """Loader of random crops of the tiles of one scene."""
    load = [dict(type='glcnet_plugin.LoadRSImage'), dict(type='glcnet_plugin.LoadRSMask')]
    crop = dict(type='RandomCrop', crop_size=(64, 64))
    return dict(
        batch_size=2,
        num_workers=0,
        sampler=dict(type='InfiniteSampler', shuffle=True),
        dataset=dict(
            type='glcnet_plugin.FolderSegDataset',
            data_root=str(scenes),
            groups=['s000'],
            pipeline=[*load, crop, dict(type='PackSegInputs')],
        ),
    )
