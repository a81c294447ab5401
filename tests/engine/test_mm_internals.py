import itertools

import pytest
import torch
from mmengine.dataset import InfiniteSampler
from mmengine.hooks import CheckpointHook
from mmengine.logging import MMLogger
from mmengine.model import BaseModel, ImgDataPreprocessor
from mmengine.runner import Runner
from mmseg.engine.hooks import SegVisualizationHook
from mmseg.models import EncoderDecoder
from torch.utils.data import DataLoader

from glcnet_plugin.engine import mm_internals


class Net(BaseModel):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(1))

    def forward(self, inputs, mode='loss'):
        return {'loss': (self.weight * inputs).sum()}


@pytest.fixture
def runner(tmp_path):
    def build(**settings):
        return Runner(
            model=Net(),
            work_dir=str(tmp_path),
            train_dataloader=DataLoader([{'inputs': torch.ones(1)}]),
            train_cfg=dict(by_epoch=True, max_epochs=1),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1)),
            experiment_name=f'{tmp_path}{settings}',
            **settings,
        )

    return build


def test_the_checkpoint_that_is_loaded(runner, tmp_path):
    first = runner()
    assert mm_internals.checkpoint_to_load(first) is None and not mm_internals.is_resumed(first)
    first.train()
    path = str(tmp_path / 'epoch_1.pth')
    assert mm_internals.checkpoint_to_load(runner(load_from=path)) == path
    second = runner(resume=True)
    assert mm_internals.is_resumed(second) and not mm_internals.has_loaded(second)
    changed = torch.load(path, weights_only=False)
    changed['state_dict']['weight'] += 5
    torch.save(changed, tmp_path / 'other.pth')
    mm_internals.set_checkpoint_to_load(second, str(tmp_path / 'other.pth'))
    second.load_or_resume()
    assert mm_internals.has_loaded(second)
    assert torch.equal(second.model.weight.data, changed['state_dict']['weight'])


def test_a_run_that_only_tests(runner):
    started = runner()
    assert not mm_internals.is_test_only(started)
    started.train()
    assert not mm_internals.is_test_only(started)


def test_an_endless_sampler_starts_again():
    sampler = InfiniteSampler(list(range(5)), seed=1)
    first = list(itertools.islice(iter(sampler), 3))
    mm_internals.restart_sampler(sampler)
    assert list(itertools.islice(iter(sampler), 3)) == first


def test_loggers_of_this_process():
    logger = MMLogger.get_instance('of this test')
    assert logger in list(mm_internals.loggers())


def test_scores_of_which_the_largest_is_best():
    assert {'mIoU', 'aAcc'} <= set(mm_internals.default_greater_keys())


@pytest.mark.parametrize(
    ('owner', 'name'),
    [
        (CheckpointHook, '_save_checkpoint_with_step'),
        (CheckpointHook, '_save_best_checkpoint'),
        (EncoderDecoder, '_init_decode_head'),
        (EncoderDecoder, '_init_auxiliary_head'),
    ],
)
def test_methods_that_are_overridden_exist(owner, name):
    assert callable(getattr(owner, name))


def test_attributes_that_subclasses_use_exist():
    assert hasattr(ImgDataPreprocessor([1.0] * 3, [1.0] * 3), '_enable_normalize')
    from mmseg.visualization import SegLocalVisualizer

    SegLocalVisualizer.get_instance('of the hook')
    assert hasattr(SegVisualizationHook(), '_visualizer')


def test_iterations_can_be_counted_anew(runner):
    run = runner()
    run.train()
    mm_internals.set_iteration(run, 7)
    assert run.iter == 7


def test_loops_count_when_they_are_built():
    from types import SimpleNamespace

    from mmengine.runner import TestLoop

    built = TestLoop.__new__(TestLoop)
    run = SimpleNamespace(_train_loop={'by_epoch': True}, _val_loop=None, _test_loop=built)
    assert mm_internals.built_loops(run) == [None, None, built]


def test_preprocessors_say_whether_they_turn_channels():
    from mmseg.models import SegDataPreProcessor

    settings = dict(mean=[0.0] * 3, std=[1.0] * 3, size_divisor=32)
    assert mm_internals.turns_channels(SegDataPreProcessor(bgr_to_rgb=True, **settings))
    assert not mm_internals.turns_channels(SegDataPreProcessor(**settings))


def test_a_step_is_compiled_where_the_config_says_so(runner):
    for settings, is_compiled in (({}, False), (dict(cfg=dict(compile=True)), True)):
        run = runner(**settings)
        mm_internals.compile_train_step(run)
        assert ('train_step' in vars(run.model)) is is_compiled
