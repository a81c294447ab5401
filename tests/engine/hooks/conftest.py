"""Training on random pairs of views, for hooks of pretraining."""

import copy

import numpy as np
import pytest
import torch
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
