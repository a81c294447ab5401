import os
from types import SimpleNamespace

import pytest
import torch
from mmengine.dataset import BaseDataset
from mmengine.model import BaseModel
from mmengine.runner import Runner

from glcnet_plugin.engine import preflight as run_checks
from glcnet_plugin.engine.preflight import check_batches, check_work_dir
from glcnet_plugin.errors import ConfigError, DataError, StorageError


class Data(BaseDataset):
    def __init__(self, images):
        self.images = images
        super().__init__()

    def load_data_list(self):
        return [{'number': i} for i in range(self.images)]


class Net(BaseModel):
    def __init__(self, queue=None):
        super().__init__()
        self.net = torch.nn.Linear(1, 1)
        if queue:
            self.queue_len = queue

    def forward(self, inputs, data_samples=None, mode='loss'):
        raise AssertionError('no step is made')


def runner(folder, images, batch, queue=None, drop_last=True, sampler='DefaultSampler'):
    return Runner(
        model=Net(queue),
        work_dir=str(folder),
        train_dataloader=dict(
            dataset=Data(images), batch_size=batch, num_workers=0, drop_last=drop_last,
            sampler=dict(type=sampler),
        ),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        experiment_name=str(folder),
    )  # fmt: skip


def test_what_fits_is_accepted(tmp_path):
    check_batches(runner(tmp_path / 'a', 8, 4, queue=16))
    check_batches(runner(tmp_path / 'b', 3, 4, drop_last=False))
    check_batches(runner(tmp_path / 'c', 3, 4, sampler='InfiniteSampler'))


def test_a_batch_larger_than_the_data(tmp_path):
    with pytest.raises(DataError, match='3 images do not fill a batch: .*batch_size 4 on 1 proc'):
        check_batches(runner(tmp_path, 3, 4))


def test_more_processes_than_images(tmp_path, monkeypatch):
    run = runner(tmp_path, 3, 1)
    monkeypatch.setattr(run_checks, 'get_world_size', lambda: 4)
    with pytest.raises(DataError, match='3 images .*batch_size 1 on 4 processes needs 4'):
        check_batches(run)


def test_a_queue_that_the_batch_does_not_divide(tmp_path):
    with pytest.raises(ConfigError, match=r'queue_len 16 is no multiple of 6.*: use 18'):
        check_batches(runner(tmp_path, 12, 6, queue=16))


def test_a_loader_without_a_batch_size_is_left_alone():
    loader = SimpleNamespace(dataset=[], batch_size=None)
    check_batches(SimpleNamespace(train_dataloader=loader))


def test_a_folder_is_made_and_left_empty(tmp_path):
    check_work_dir(tmp_path / 'a/b')
    assert list((tmp_path / 'a/b').iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason='root may write everywhere')
def test_a_folder_without_rights(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(StorageError, match=r'Permission denied.*--work-dir'):
        check_work_dir(tmp_path / 'run')


@pytest.mark.parametrize('place', ['file', 'file/inside'])
def test_a_file_in_its_place(tmp_path, place):
    (tmp_path / 'file').touch()
    with pytest.raises(StorageError, match=f'the work dir {tmp_path}/{place} cannot be written'):
        check_work_dir(tmp_path / place)
