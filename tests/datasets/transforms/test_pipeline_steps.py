from mmcv.transforms import Compose, RandomApply, RandomFlip

from glcnet_plugin.datasets.transforms.photometric import RandomBandCopy
from glcnet_plugin.datasets.transforms.pipeline_steps import pipeline_steps
from glcnet_plugin.datasets.transforms.two_views import TwoViews


def names(pipeline):
    return [type(step).__name__ for step in pipeline_steps(pipeline)]


def test_steps_in_wrappers_and_views_are_listed():
    copy, flip = RandomBandCopy(), RandomFlip(prob=0.5)
    pipeline = Compose([flip, TwoViews([[], [RandomApply([copy], 0.5)]])])
    assert [n for n in names(pipeline) if n != 'Compose' and n != 'list'] == [
        'RandomFlip', 'TwoViews', 'RandomApply', 'RandomBandCopy',
    ]  # fmt: skip
    assert names([]) == names(object()) == []
