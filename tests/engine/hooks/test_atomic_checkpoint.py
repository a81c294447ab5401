import errno
import os

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner

from glcnet_plugin.checkpoints.latest import is_complete
from glcnet_plugin.errors import ConfigError, StorageError
from glcnet_plugin.utils import atomic_io


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


def train(folder, epochs=4, resume=False, model=None, validation=None, **settings):
    hook = dict(type='glcnet_plugin.AtomicCheckpointHook', interval=1, **settings)
    runner = Runner(
        model=model or Net(),
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
        **(validation or {}),
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

    monkeypatch.setattr(atomic_io.os, 'fsync', fill)
    with pytest.raises(StorageError, match=r'epoch_3.pth .* could not be written: No space left'):
        train(tmp_path, max_keep_ckpts=1)
    assert kept(tmp_path) == ['epoch_2.pth'] and is_complete(tmp_path / 'epoch_2.pth')


def test_other_failures_name_the_folder(tmp_path):
    (tmp_path / 'last_checkpoint').mkdir()
    with pytest.raises(StorageError, match=f'{tmp_path}: Is a directory'):
        train(tmp_path)
    assert kept(tmp_path) == ['epoch_1.pth']


class Scores(BaseMetric):
    """mIoU rises, then falls."""

    default_prefix = 'seg'

    def __init__(self, values):
        super().__init__()
        self.values = iter(values)

    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        value = next(self.values)
        return {'OA': value, 'mIoU': value}


class Scored(Net):
    def forward(self, inputs, data_samples=None, mode='loss'):
        return inputs if mode == 'predict' else super().forward(inputs, data_samples, mode)


def train_and_score(folder, save_best, values=(0.2, 0.5, 0.4)):
    loader = dict(dataset=Ones(), batch_size=2, num_workers=0)
    train(
        folder,
        epochs=len(values),
        model=Scored(),
        max_keep_ckpts=1,
        save_best=save_best,
        validation=dict(
            val_dataloader=dict(loader, sampler=dict(type='DefaultSampler', shuffle=False)),
            val_cfg=dict(),
            val_evaluator=[Scores(values)],
        ),
    )


@pytest.mark.parametrize(
    ('save_best', 'name'),
    [('auto', 'seg_OA'), ('mIoU', 'mIoU'), ('seg/mIoU', 'seg_mIoU'), ('OA', 'OA')],
)
def test_the_best_by_scores_of_this_package(tmp_path, save_best, name):
    train_and_score(tmp_path, save_best)
    assert kept(tmp_path) == [f'best_{name}_epoch_2.pth', 'epoch_3.pth']


def test_the_previous_best_stays_until_the_next_is_written(tmp_path, monkeypatch):
    put = atomic_io.AtomicBackend.put

    def fill(self, content, path):
        if 'best_mIoU_epoch_2' in str(path):
            raise StorageError('no space')
        put(self, content, path)

    monkeypatch.setattr(atomic_io.AtomicBackend, 'put', fill)
    with pytest.raises(StorageError, match='no space'):
        train_and_score(tmp_path, 'mIoU')
    assert kept(tmp_path) == ['best_mIoU_epoch_1.pth', 'epoch_2.pth']


def test_an_unknown_score_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"save_best='mDice'.*seg/OA, seg/mIoU"):
        train_and_score(tmp_path, 'mDice')
