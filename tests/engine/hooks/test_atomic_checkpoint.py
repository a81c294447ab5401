import errno
import os

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.model import BaseModel
from mmengine.runner import Runner

from glcnet_plugin.errors import StorageError
from glcnet_plugin.utils import atomic_io as whole_files


class Ones(BaseDataset):
    def load_data_list(self):
        return [{'number': i} for i in range(4)]

    def prepare_data(self, index):
        return {'inputs': torch.ones(2)}


class Net(BaseModel):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(2, 1)

    def forward(self, inputs, data_samples=None, mode='loss'):
        return {'loss': self.net(torch.stack(inputs)).pow(2).mean()}


def train(folder, epochs=4, resume=False, **settings):
    hook = dict(type='glcnet_plugin.AtomicCheckpointHook', interval=1, **settings)
    runner = Runner(
        model=Net(),
        work_dir=str(folder),
        train_dataloader=dict(
            dataset=Ones(), batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler')
        ),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        default_hooks=dict(checkpoint=hook),
        resume=resume,
        cfg=Config(dict()),
        experiment_name=f'{folder}_{epochs}',
    )
    runner.train()


def kept(folder):
    return sorted(path.name for path in folder.glob('*.pth*'))


@pytest.mark.parametrize('settings', [{}, dict(max_keep_ckpts=2), dict(max_keep_ckpts=1)])
def test_as_many_are_kept_as_asked_for(tmp_path, settings):
    train(tmp_path, **settings)
    last = settings.get('max_keep_ckpts', 4)
    assert kept(tmp_path) == [f'epoch_{i}.pth' for i in range(5 - last, 5)]
    train(tmp_path, epochs=6, resume=True, **settings)
    last = settings.get('max_keep_ckpts', 6)
    assert kept(tmp_path) == [f'epoch_{i}.pth' for i in range(7 - last, 7)]
    assert (tmp_path / 'last_checkpoint').read_text() == str(tmp_path / 'epoch_6.pth')


def test_a_full_disk_leaves_the_one_before(tmp_path, monkeypatch):
    calls = []

    def fill(descriptor):
        calls.append(descriptor)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(whole_files.os, 'fsync', fill)
    with pytest.raises(StorageError, match=r'epoch_3.pth .* could not be written: No space left'):
        train(tmp_path, max_keep_ckpts=1)
    assert kept(tmp_path) == ['epoch_2.pth'] and whole_files.is_complete(tmp_path / 'epoch_2.pth')


def test_other_failures_name_the_folder(tmp_path):
    (tmp_path / 'last_checkpoint').mkdir()
    with pytest.raises(StorageError, match=f'{tmp_path}: Is a directory'):
        train(tmp_path)
    assert kept(tmp_path) == ['epoch_1.pth']
