import sys

import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from torch import nn

from glcnet_plugin.engine.hooks import FreezeNormHook, ProbeInitHook, RecalibrateBNHook
from glcnet_plugin.engine.hooks.probe_init import ClassifierInput, classifier
from glcnet_plugin.engine.labelled_tiles import labelled_samples
from glcnet_plugin.engine.probe_sets import choose_pixels, extract
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.evaluation.probe import fit_linear

FROZEN = dict(type=FreezeNormHook, modules=['backbone', 'decode_head'])
CONFIG = 'configs/downstream/linear_r18w16_1xb8-300i_few-labels.py'
STILL = dict(optimizer=dict(type='SGD', lr=0.0))
ALL = [dict(type=RecalibrateBNHook), dict(type=ProbeInitHook), FROZEN]


def test_the_segmentation_is_that_of_the_linear_probe(finetune, tmp_path):
    runner = finetune(tmp_path, ALL, optim_wrapper=STILL)
    model, dataset = runner.model.eval(), runner.train_dataloader.dataset
    samples = list(labelled_samples(dataset))
    tiles = [choose_pixels(sample, 400) for sample in samples]  # 6400 / 4, but 400 at most
    features, labels = extract(ClassifierInput(model), tiles)
    predicted = fit_linear(features, labels).predict(features)
    segmented = []
    for sample, tile in zip(samples, tiles, strict=True):
        batch = {'inputs': [sample['inputs']], 'data_samples': [sample['data_samples']]}
        result = model.test_step(batch)[0].pred_sem_seg.data[0]
        segmented.append(result[tile.points[:, 1], tile.points[:, 0]].numpy())
    segmented = np.concatenate(segmented)
    assert len(segmented) == 1600 and len(np.unique(segmented)) > 2
    # the maps are interpolated before the classifier here and after it there
    assert (segmented == predicted).mean() > 0.999
    assert 'linear probe of 1600 pixels of 4 images' in next(tmp_path.rglob('*.log')).read_text()


class Forget(Hook):
    """Put the classifier back as it was, to compare what follows."""

    priority = 'LOWEST'

    def before_run(self, runner):
        self.model = runner.model

    def before_train(self, runner):
        layer = classifier(runner.model)
        nn.init.constant_(layer.weight, 0.01)
        nn.init.zeros_(layer.bias)


def test_training_goes_on_as_without(finetune, tmp_path):
    with_dropout_and_crops = [
        finetune(tmp_path / str(len(hooks)), [*hooks, dict(type=Forget)]).model.state_dict()
        for hooks in ([dict(type=ProbeInitHook)], [])
    ]
    one, other = with_dropout_and_crops
    assert all(torch.equal(one[key], other[key]) for key in other)


def test_a_resumed_run_keeps_its_classifier():
    class Resumed:
        iter = 3  # nothing else is asked for

    ProbeInitHook().before_train(Resumed())


def test_heads_without_a_classifier():
    model = nn.Module()
    with pytest.raises(ConfigError, match='NoneType has no classifier conv_seg'):
        classifier(model)
    model.decode_head = nn.Module()
    for layer in (nn.Conv2d(4, 3, 3), nn.Conv2d(4, 3, 1, bias=False), nn.Linear(4, 3)):
        model.decode_head.conv_seg = layer
        with pytest.raises(ConfigError, match='no classifier conv_seg, a 1x1 convolution'):
            classifier(model)
    model.decode_head.conv_seg = nn.Conv2d(4, 1, 1)
    with pytest.raises(ConfigError, match='one output for two classes: set .*out_channels=2'):
        classifier(model)
    model.forward = lambda x: x
    model.decode_head.conv_seg = nn.Conv2d(4, 3, 1)
    with pytest.raises(ConfigError, match='Module does not use its conv_seg'):
        ClassifierInput(model)(torch.zeros(1, 4, 2, 2))


def test_one_class(finetune, tile_loader, tmp_path):
    tile_loader['dataset']['metainfo'] = dict(classes=['water'])
    with pytest.raises(DataError, match=r'training pixels show only \[0\]'):
        finetune(tmp_path, [dict(type=ProbeInitHook)])


CHILD = """
import sys, torch
from mmengine.config import Config
from mmengine.dist import all_gather
from mmengine.runner import Runner
from glcnet_plugin.engine.cpu_launch import leave_group

config, tiles, names, work_dir = sys.argv[1:]
torch.distributed.init_process_group('gloo')
cfg = Config.fromfile(config)
cfg.launcher, cfg.work_dir = 'pytorch', work_dir
cfg.train_dataloader.dataset.update(data_root=tiles, ann_file=names)
cfg.merge_from_dict({'train_cfg.max_iters': 1, 'optim_wrapper.optimizer.lr': 0.0})
cfg.val_dataloader = cfg.val_cfg = cfg.val_evaluator = None
cfg.test_dataloader = cfg.test_cfg = cfg.test_evaluator = None
cfg.model_wrapper_cfg = dict(type='MMDistributedDataParallel', device_ids=None)
cfg.sync_bn = None
runner = Runner.from_cfg(cfg)
runner.train()
layer = runner.model.module.decode_head.conv_seg
one, other = all_gather(layer.weight.data)
assert torch.equal(one, other)
print('FITTED', bool(layer.weight.std() > 0.02), layer.bias.any().item())
del runner
leave_group()
"""


def test_two_processes_start_alike(scenes, tmp_path, run_ranks):
    names = tmp_path / 'names.txt'
    names.write_text('s000_0000_0000\ns000_0160_0160\n')
    command = [sys.executable, '-c', CHILD, CONFIG, scenes, names, tmp_path / 'run']
    assert all('FITTED True True' in text for text in run_ranks(2, command))
