from types import SimpleNamespace

import numpy as np
import pytest
from mmcv.transforms import RandomResize, Resize
from mmseg.datasets.transforms import RandomCrop

from glcnet_plugin.datasets.analysis.training_scale import pixel_scale, scale_issues
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.datasets.transforms.scale import RandomScale

FIXED = [RandomResize((256, 256), ratio_range=(0.9, 1.1), keep_ratio=False), RandomCrop((256, 256))]
OWN = [RandomScale((0.9, 1.1)), RandomCrop((256, 256))]


@pytest.mark.parametrize(
    ('size', 'fixed'),
    [
        ((200, 200), (1.28, 1.28)),
        ((256, 256), (1, 1)),
        ((512, 512), (0.5, 0.5)),
        ((1000, 1000), (0.256, 0.256)),
        ((600, 400), (0.427, 0.64)),
    ],
)
def test_scale_of_pipelines(size, fixed):
    assert pixel_scale(FIXED, size) == pytest.approx(fixed, rel=0.08)
    assert pixel_scale(OWN, size) == pytest.approx((1, 1), rel=0.08)
    assert pixel_scale([], size) == pixel_scale([RandomCrop((64, 64))], size) == (1, 1)


def test_the_random_numbers_stay_and_odd_steps_are_not_measured():
    def odd_resize(sample):
        raise KeyError('gt_bboxes')

    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    pixel_scale(OWN, (64, 64))
    np.testing.assert_array_equal(np.random.get_state()[1], before)
    step = type('OddResize', (), {'__call__': lambda self, sample: odd_resize(sample)})()
    assert pixel_scale([step], (64, 64)) is None


class Data:
    def __init__(self, path, steps):
        self.path, self.pipeline = path, SimpleNamespace(transforms=steps)

    def __len__(self):
        return 3

    def get_data_info(self, index):
        return {'img_path': self.path}


@pytest.mark.parametrize('size', [(512, 512), (600, 400), (1000, 1000)])
def test_a_config_that_trains_at_another_scale_than_it_scores(tmp_path, size):
    path = str(write_image(tmp_path / 'x', np.ones((*size, 3), np.uint8)))
    (issue,) = scale_issues(Data(path, FIXED), Data(path, []))
    assert (issue.level, issue.code) == ('warning', 'scale')
    assert 'scores at 1.00' in issue.message and 'RandomScale' in issue.message
    assert ('(width)' in issue.message) == (size[0] != size[1])
    assert scale_issues(Data(path, OWN), Data(path, [])) == []
    resized = [Resize(scale_factor=0.5)]
    assert scale_issues(Data(path, resized), Data(path, resized)) == []


def test_what_cannot_be_measured_is_left_out(tmp_path):
    path = str(write_image(tmp_path / 'x', np.ones((300, 300, 3), np.uint8)))
    assert scale_issues(Data(path, FIXED), None) == []
    assert scale_issues(Data('s3://x.png', FIXED), Data(path, [])) == []
    assert scale_issues(None, None) == []
