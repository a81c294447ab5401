from types import SimpleNamespace

import pytest
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
