from types import SimpleNamespace

import pytest
from mmengine.model import BaseTTAModel
from mmengine.registry import DATASETS
from torch import nn

from glcnet_plugin.engine.hooks import ClassNumCheckHook
from glcnet_plugin.errors import ConfigError


def runner(outputs, classes, auxiliary=None):
    model = nn.Module()
    model.decode_head = nn.Module()
    model.decode_head.num_classes = outputs
    if auxiliary is not None:
        model.auxiliary_head = nn.ModuleList([nn.Module()])
        model.auxiliary_head[0].num_classes = auxiliary
    loader = SimpleNamespace(dataset=SimpleNamespace(metainfo={'classes': classes}))
    return SimpleNamespace(model=model, train_dataloader=loader, test_dataloader=loader)


@pytest.mark.parametrize('stage', ['before_train', 'before_test'])
def test_head_and_dataset_must_agree(stage):
    check = getattr(ClassNumCheckHook(), stage)
    check(runner(2, ('a', 'b')))
    check(runner(7, None))  # a dataset that does not say
    with pytest.raises(ConfigError, match=r"num_classes=6, .* 2 classes: \['a', 'b'\]"):
        check(runner(6, ('a', 'b')))


def test_auxiliary_heads_count():
    ClassNumCheckHook().before_train(runner(2, ('a', 'b'), 2))
    with pytest.raises(ConfigError, match='num_classes=3'):
        ClassNumCheckHook().before_train(runner(2, ('a', 'b'), 3))


def test_cascades_have_several_heads():
    cascade = runner(2, ('a', 'b'))
    cascade.model.decode_head = nn.ModuleList([cascade.model.decode_head])
    ClassNumCheckHook().before_train(cascade)
    cascade.model.decode_head[0].num_classes = 4
    with pytest.raises(ConfigError, match='num_classes=4'):
        ClassNumCheckHook().before_train(cascade)


def test_networks_without_decode_heads_and_heads_without_classes():
    other = runner(2, ('a', 'b'))
    del other.model.decode_head
    ClassNumCheckHook().before_train(other)
    other.model.decode_head = nn.Conv2d(1, 9, 1)
    ClassNumCheckHook().before_train(other)


def test_wrapped_datasets(scenes, mmseg_scope):
    folder = dict(type='glcnet_plugin.FolderSegDataset', data_root=str(scenes), pipeline=[])
    for wrapper in (
        dict(type='ConcatDataset', datasets=[folder, folder]),
        dict(type='RepeatDataset', dataset=folder, times=2),
    ):
        fits, misfits = runner(6, None), runner(5, None)
        for each in (fits, misfits):
            each.train_dataloader.dataset = DATASETS.build(wrapper)
        ClassNumCheckHook().before_train(fits)
        with pytest.raises(ConfigError, match='num_classes=5, .* 6 classes'):
            ClassNumCheckHook().before_train(misfits)


def test_test_time_augmentation_wraps_the_network():
    class Wrapped(BaseTTAModel):
        def merge_preds(self, data_samples_list):
            raise NotImplementedError

    plain = runner(6, ('a', 'b'))
    plain.model.test_step = plain.model.data_preprocessor = nn.Identity()
    plain.model = Wrapped(plain.model)
    with pytest.raises(ConfigError, match='num_classes=6'):
        ClassNumCheckHook().before_test(plain)


@pytest.mark.parametrize('stage', ['before_train', 'before_test'])
def test_a_single_class_is_refused(stage):
    with pytest.raises(ConfigError, match='num_classes=1: every pixel would be right.*background'):
        getattr(ClassNumCheckHook(), stage)(runner(1, ('building',)))
