import numpy as np
import pytest
from mmengine.registry import DATASETS

from glcnet_plugin.datasets.io.images import read_image
from glcnet_plugin.engine.labelled_tiles import (
    base_datasets,
    labelled_samples,
    load_image,
    loading_steps,
)
from glcnet_plugin.errors import ConfigError

LOAD = [dict(type='glcnet_plugin.LoadRSImage', bands=[2, 0]), dict(type='glcnet_plugin.LoadRSMask')]
CHANGE = [
    dict(type='RandomCrop', crop_size=(64, 64)),
    dict(type='RandomFlip', prob=1.0),
    dict(type='PackSegInputs'),
]


def config(scenes, group):
    return dict(
        type='glcnet_plugin.FolderSegDataset',
        data_root=str(scenes),
        groups=[group],
        pipeline=[*LOAD, *CHANGE],
    )


def test_samples_are_what_the_files_hold(scenes, mmseg_scope):
    dataset = DATASETS.build(config(scenes, 's000'))
    samples = list(labelled_samples(dataset))
    assert len(samples) == len(dataset) == 4
    for sample in samples:
        path = sample['data_samples'].img_path
        np.testing.assert_array_equal(
            sample['inputs'].permute(1, 2, 0), read_image(path)[..., [2, 0]]
        )
        assert sample['data_samples'].gt_sem_seg.shape == (160, 160)
    names = [type(step).__name__ for step in loading_steps(dataset)]
    assert names == ['LoadRSImage', 'LoadRSMask']


def test_each_dataset_inside_of_wrappers_is_read_once(scenes, mmseg_scope):
    repeated = dict(type='RepeatDataset', times=5, dataset=config(scenes, 's000'))
    both = dict(type='ConcatDataset', datasets=[repeated, config(scenes, 's001')])
    dataset = DATASETS.build(both)
    assert [part.groups for part in base_datasets(dataset)] == [['s000'], ['s001']]
    paths = {sample['data_samples'].img_path for sample in labelled_samples(dataset)}
    assert len(paths) == len(list(labelled_samples(dataset))) == 8


def test_an_image_of_another_folder_is_read_alike(scenes, mmseg_scope):
    dataset = DATASETS.build(config(scenes, 's000'))
    path = str(next((scenes / 'images').glob('s002*')))
    np.testing.assert_array_equal(
        load_image(dataset, {'img_path': path}), read_image(path)[..., [2, 0]]
    )
    dataset.pipeline.transforms = dataset.pipeline.transforms[2:]
    with pytest.raises(ConfigError, match='no step of the pipeline of FolderSegDataset loads'):
        load_image(dataset, {'img_path': path})


def test_other_datasets():
    with pytest.raises(ConfigError, match='list has no pipeline whose loading steps'):
        list(base_datasets([1, 2]))
