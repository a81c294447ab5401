import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmseg.structures import SegDataSample

from glcnet_plugin.engine.probe_sets import choose_pixels, read_probe_sets
from glcnet_plugin.errors import DataError
from glcnet_plugin.evaluation.pixel_sampling import sample_pixels


def sample_of(mask, name='tile'):
    sample = SegDataSample(metainfo=dict(img_path=f'/data/{name}.png'))
    sample.gt_sem_seg = PixelData(data=torch.as_tensor(mask)[None])
    return {'inputs': torch.zeros(3, *mask.shape), 'data_samples': sample}


def test_pixels_have_labels_and_are_the_same_whenever_chosen():
    mask = np.full((20, 30), 255)
    mask[3:9, 11:25] = np.arange(6)[:, None]  # 84 labelled pixels of 600, the class is the row
    first = choose_pixels(sample_of(mask), 60)
    torch.rand(3), np.random.rand(3)
    again, other = choose_pixels(sample_of(mask), 60), choose_pixels(sample_of(mask, 'b'), 60)
    assert torch.equal(first.points, again.points)
    assert not torch.equal(first.points, other.points)
    x, y = first.points.T.numpy()
    assert len(x) == 60 and x.min() >= 11 and x.max() < 25
    np.testing.assert_array_equal(first.labels, y - 3)


def test_pixels_are_those_that_a_study_draws():
    mask = np.arange(400).reshape(20, 20) % 7
    points, labels = sample_pixels(mask, 'tile', 50)
    chosen = choose_pixels(sample_of(mask), 50)
    np.testing.assert_array_equal(chosen.points, points)
    np.testing.assert_array_equal(chosen.labels, labels)


def folder(scenes, *groups):
    return dict(type='glcnet_plugin.FolderSegDataset', data_root=str(scenes), groups=[*groups])


def test_wrapped_datasets(scenes, mmseg_scope):
    both = dict(type='ConcatDataset', datasets=[folder(scenes, 's000'), folder(scenes, 's001')])
    repeated = dict(type='RepeatDataset', times=1, dataset=folder(scenes, 's002'))
    sets = read_probe_sets(both, repeated, 20)
    assert (len(sets.train), len(sets.val), len(sets.classes)) == (8, 4, 6)
    with pytest.raises(DataError, match='both sets of the probe hold'):
        read_probe_sets(both, dict(repeated, dataset=folder(scenes, 's001')), 20)
