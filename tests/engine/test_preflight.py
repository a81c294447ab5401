import os
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from mmengine.dataset import BaseDataset
from mmengine.hooks import CheckpointHook
from mmengine.model import BaseModel
from mmengine.registry import MODELS, DefaultScope
from mmengine.runner import Runner

from glcnet_plugin.engine import preflight
from glcnet_plugin.engine.preflight import (
    check_batches,
    check_save_best,
    check_training,
    check_windows,
    check_work_dir,
    score_singly_if_sizes_differ,
)
from glcnet_plugin.errors import ConfigError, DataError, StorageError
from glcnet_plugin.evaluation.metric import RSSegMetric


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
    monkeypatch.setattr(preflight, 'get_world_size', lambda: 4)
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


def segmentor(**settings):
    """A network with the image pooling of ASPP."""
    with DefaultScope.overwrite_default_scope('mmseg'):
        return MODELS.build(
            dict(
                type='mmseg.EncoderDecoder',
                backbone=dict(type='mmseg.ResNet', depth=18, stem_channels=8, base_channels=8),
                decode_head=dict(
                    type='mmseg.ASPPHead', in_channels=64, channels=4, num_classes=2,
                    dilations=(1,), norm_cfg=dict(type='BN'),
                ),
                **settings,
            )
        )  # fmt: skip


@pytest.mark.parametrize(
    ('images', 'batch', 'sampler', 'drop_last', 'message'),
    [
        (
            8,
            1,
            'DefaultSampler',
            True,
            'batch_size is 1: batch norm in decode_head.image_pool.1.bn',
        ),
        (9, 4, 'DefaultSampler', False, 'last batch of an epoch has 1 image of 9.*drop_last=True'),
        (9, 4, 'DefaultSampler', True, None),
        (9, 4, 'InfiniteSampler', False, None),
        (10, 4, 'DefaultSampler', False, None),
    ],
)
def test_one_image_below_a_pooled_batch_norm(tmp_path, images, batch, sampler, drop_last, message):
    run = runner(tmp_path, images, batch, drop_last=drop_last, sampler=sampler)
    run.model = segmentor(test_cfg=dict(mode='whole'))
    if message is None:
        check_training(run)
        return
    with pytest.raises(ConfigError, match=message):
        check_training(run)


def test_networks_whose_batch_is_both_views_take_one_image(tmp_path):
    check_training(runner(tmp_path, 4, 1))


def schedule(**settings):
    return dict(type='CosineAnnealingLR', eta_min=0.0, **settings)


@pytest.mark.parametrize(
    ('given', 'found'),
    [
        (schedule(by_epoch=False, begin=4), 'begins at step 4 and ends at 4'),
        ([schedule(begin=0), schedule(begin=1)], 'begins at epoch 1 and ends at 1'),
        ({'a': [schedule(by_epoch=False, begin=3, end=2)]}, 'begins at step 3 and ends at 2'),
    ],
)
def test_a_warm_up_longer_than_the_training(tmp_path, given, found):
    """`--cfg-options train_cfg.max_iters=12` for a quick try ended with a traceback of mmengine."""
    run = runner(tmp_path, 4, 1)
    run.param_schedulers = given
    with pytest.raises(ConfigError, match=f'CosineAnnealingLR {found}.*train for longer'):
        check_training(run)


@pytest.mark.parametrize(
    'given', [None, schedule(by_epoch=False, begin=3), {'a': schedule(begin=0, end=9)}]
)
def test_a_schedule_within_the_training(tmp_path, given):
    run = runner(tmp_path, 4, 1)
    run.param_schedulers = given
    check_training(run)


@pytest.mark.parametrize('key', ['max_epochs', 'val_interval'])
def test_no_steps(tmp_path, key):
    run = runner(tmp_path, 4, 2)
    run._train_loop = {'by_epoch': True, 'max_epochs': 2, key: 0}
    with pytest.raises(ConfigError, match=f'train_cfg.{key} is 0: set it to 1 or more'):
        check_training(run)


def scored(save_best, *metrics):
    hook = CheckpointHook(save_best=save_best, rule='greater')
    loop = metrics and SimpleNamespace(evaluator=SimpleNamespace(metrics=metrics))
    return SimpleNamespace(hooks=[hook], val_loop=loop or None)


def test_names_of_the_best_score():
    ours = RSSegMetric(), RSSegMetric(prefix='edge')
    for name in ('mIoU', 'seg/mIoU', 'edge/Kappa', 'auto', None):
        check_save_best(scored(name, *ours))
    with pytest.raises(ConfigError, match=r"save_best='miou' is no score.*seg/mIoU"):
        check_save_best(scored('miou', *ours))
    check_save_best(scored('anything', RSSegMetric(), object()))  # of which nothing is known


def test_save_best_without_validation_is_a_warning(monkeypatch):
    lines = []
    monkeypatch.setattr(preflight, 'print_log', lambda text, *more: lines.append(text))
    check_save_best(scored('mIoU'))
    assert len(lines) == 1 and lines[0].startswith("save_best='mIoU' has no effect")


@pytest.mark.parametrize('stride', [(0, 64), (64, 129), None])
def test_windows_that_stand_still_or_leave_gaps(stride):
    cfg = dict(mode='slide', crop_size=(128, 128), stride=stride)
    with pytest.raises(ConfigError, match='each stride must lie between 1 and the crop'):
        check_windows(SimpleNamespace(model=SimpleNamespace(test_cfg=cfg)))
    good = dict(mode='slide', crop_size=(128, 128), stride=(128, 1))
    check_windows(SimpleNamespace(model=SimpleNamespace(test_cfg=good)))
    check_windows(SimpleNamespace(model=SimpleNamespace(test_cfg=dict(mode='whole'))))


class Files(BaseDataset):
    def __init__(self, paths, pipeline):
        self.paths = paths
        super().__init__(pipeline=pipeline)

    def load_data_list(self):
        return [{'img_path': str(path)} for path in self.paths]


LOAD = dict(type='glcnet_plugin.LoadRSImage')
RESIZE = dict(type='mmcv.Resize', scale=(8, 8))


@pytest.mark.parametrize(
    ('sides', 'pipeline', 'batches'),
    [
        ((8, 8, 8, 8), [LOAD], [2, 2]),
        ((8, 8, 8, 9), [LOAD], [1, 1, 1, 1]),
        ((8, 8, 8, 9), [LOAD, RESIZE], [2, 2]),
    ],
)
def test_images_of_different_sizes_are_scored_singly(tmp_path, sides, pipeline, batches):
    paths = [tmp_path / f'{number}.png' for number in range(len(sides))]
    for path, side in zip(paths, sides, strict=True):
        cv2.imwrite(str(path), np.zeros((8, side, 3), np.uint8))
    loader = torch.utils.data.DataLoader(Files(paths, pipeline), batch_size=2, collate_fn=len)
    score_singly_if_sizes_differ(loader)
    assert list(loader) == batches and len(loader) == len(batches)
