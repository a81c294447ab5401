import json
import sys

import numpy as np
import pytest
import torch

from glcnet_plugin.engine.hooks.probe import ProbeHook
from glcnet_plugin.errors import ConfigError, DataError, NonFiniteError
from glcnet_plugin.evaluation import confusion_scores, linear_probe
from glcnet_plugin.models.utils.pixel_features import PixelFeatures

DEMO = 'configs/glcnet/glcnet_r18w16-d3plus_1xb32-60e_demo.py'


def hook(folder, train_groups=('s000',), val_groups=('s001',), **settings):
    sets = {
        name: dict(type='glcnet_plugin.FolderSegDataset', data_root=str(folder), groups=[*groups])
        for name, groups in (('train', train_groups), ('val', val_groups))
    }
    return dict(type=ProbeHook, **sets, **{'interval': 1, 'pixels': 30, **settings})


def points_of(folder):
    return [json.loads(line) for line in next(folder.rglob('scalars.json')).open()]


def test_scores_are_logged_at_the_iteration_they_belong_to(train, tiny_glcnet, scenes, tmp_path):
    for by_epoch, interval, steps in ((True, 2, [0, 4, 8]), (False, 3, [0, 3, 6, 9])):
        folder = tmp_path / str(by_epoch)
        settings = hook(scenes, by_epoch=by_epoch, interval=interval)
        runner = train(tiny_glcnet, folder, [settings], epochs=5)
        found = [row for row in points_of(folder) if 'probe_Kappa' in row]
        assert [row['step'] for row in found] == steps
        for name in ('probe_Kappa', 'probe_mIoU'):
            logged = runner.message_hub.get_scalar(name).data[0]
            assert logged.tolist() == [row[name] for row in found]
        log = next(folder.rglob('*.log')).read_text()
        assert log.count('probe at iteration') == len(steps)


def test_the_score_is_that_of_a_linear_probe_of_the_frozen_network(
    train, tiny_glcnet, scenes, tmp_path
):
    runner = train(tiny_glcnet, tmp_path, [hook(scenes)])
    probe = next(h for h in runner.hooks if isinstance(h, ProbeHook))
    features, parts = PixelFeatures(runner.model.eval(), 'decode_head.bottleneck'), []
    for part in (probe.sets.train, probe.sets.val):
        assert len(part) == 4 and all(len(pixels.labels) == 30 for pixels in part)
        x = torch.cat([(p.image[None].float() - 127.5) / 80.0 for p in part])
        found = features.at(x, torch.stack([p.points for p in part]))  # all images in one batch
        assert not found.isnan().any() and found.shape == (4, 30, 8 + 16 + 32 + 64 + 16)
        parts += [found.flatten(0, 1).numpy(), np.concatenate([p.labels for p in part])]
    scores = confusion_scores(linear_probe(*parts, num_classes=6))
    logged = points_of(tmp_path)[-1]
    assert logged['probe_Kappa'] == pytest.approx(scores['Kappa'], abs=0.02)
    assert logged['probe_mIoU'] == pytest.approx(scores['mIoU'], abs=0.02)


@pytest.mark.parametrize('classifier', ['linear', 'knn'])
def test_training_is_the_same_with_and_without(train, classifier, tiny_glcnet, scenes, tmp_path):
    settings = hook(scenes, by_epoch=False, classifier=classifier)
    settings['train']['pipeline'] = [
        dict(type='glcnet_plugin.LoadRSImage'),
        dict(type='glcnet_plugin.LoadRSMask'),
        dict(type='mmseg.RandomFlip', prob=0.5),  # draws from NumPy's stream
        dict(type='mmseg.PackSegInputs'),
    ]
    runs = [
        train(tiny_glcnet, tmp_path / str(len(hooks)), hooks).model for hooks in ([settings], [])
    ]
    states = [model.state_dict() for model in runs]
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[1])
    assert states[0]['backbone.bn1.num_batches_tracked'] == 4
    modes = [[module.training for module in model.modules()] for model in runs]
    assert modes[0] == modes[1]


def test_baselines_have_no_encoder_map(train, tiny_glcnet, scenes, tmp_path):
    neck = dict(type='NonLinearNeck', in_channels=64, hid_channels=8, out_channels=8)
    loss = dict(type='CrossEntropyLoss')
    model = dict(
        type='SimCLR',
        data_preprocessor=dict(
            type='glcnet_plugin.RSSelfSupDataPreprocessor', mean=[127.5] * 3, std=[80.0] * 3
        ),
        backbone=dict(tiny_glcnet['backbone'], out_indices=(3,)),
        neck=dict(neck, with_avg_pool=True),
        head=dict(type='ContrastiveHead', loss=loss, temperature=0.1),
    )
    train(model, tmp_path, [hook(scenes, interval=2)])
    assert [row['step'] for row in points_of(tmp_path) if 'probe_mIoU' in row] == [0, 4]


@pytest.fixture
def only_class(labelled_folder):
    """Rewrite the masks of some images of the folder."""
    from glcnet_plugin.datasets.tiling.folder_writer import write_mask

    def write(*names):
        mask = np.full((8, 8), 1, np.uint8)
        mask[0] = 255
        for name in names:
            write_mask(labelled_folder / f'masks/{name}.png', mask, [(255, 0, 0), (0, 255, 0)])
        return labelled_folder

    return write


@pytest.mark.parametrize(
    ('green', 'message'),
    [
        (['a1', 'a2'], r"the train set of the probe shows 1 class \['green'\] of .* in 2 images"),
        (['b1'], r"the val set of the probe shows 1 class \['green'\] of .* in 1 images"),
    ],
)
def test_one_class(train, green, message, only_class, tiny_glcnet, tmp_path):
    with pytest.raises(DataError, match=message):
        train(tiny_glcnet, tmp_path, [hook(only_class(*green), 'A', 'B')])


def test_a_class_that_training_pixels_lack_is_a_miss(train, scenes, tiny_glcnet, tmp_path):
    settings = hook(scenes)
    settings['train']['ann_file'] = str(tmp_path / 'two.txt')
    (tmp_path / 'two.txt').write_text('s000_0000_0000\n')
    runner = train(tiny_glcnet, tmp_path, [settings], epochs=1)
    probe = next(h for h in runner.hooks if isinstance(h, ProbeHook))
    seen = {int(label) for pixels in probe.sets.train for label in pixels.labels}
    assert 2 <= len(seen) < len(probe.sets.classes)
    assert np.isfinite(runner.message_hub.get_scalar('probe_mIoU').current())


@pytest.mark.parametrize(
    ('groups', 'message'),
    [((['s000'], []), 'val set of the probe holds no image'),
     ((['s000', 's001'], ['s001']), r'both sets of the probe hold \[.*s001_')],
)  # fmt: skip
def test_sets_that_are_none(train, groups, message, tiny_glcnet, scenes, tmp_path):
    with pytest.raises(DataError, match=message):
        train(tiny_glcnet, tmp_path, [hook(scenes, *groups)])


def test_sets_of_other_classes(train, tiny_glcnet, scenes, labelled_folder):
    settings = hook(scenes)
    settings['val'].update(data_root=str(labelled_folder), groups=['A'])
    with pytest.raises(DataError, match=r"differ in classes: \[.*for training, \['red', 'green'\]"):
        train(tiny_glcnet, labelled_folder / 'run', [settings])


def test_other_bands_are_refused_before_the_first_iteration(train, tiny_glcnet, scenes, tmp_path):
    settings = hook(scenes)
    settings['train']['pipeline'] = [
        dict(type='glcnet_plugin.LoadRSImage', bands=[0, 1]),
        dict(type='glcnet_plugin.LoadRSMask'),
        dict(type='mmseg.PackSegInputs'),
    ]
    with pytest.raises(DataError, match='have 2 bands, but the data preprocessor has 3 means'):
        train(tiny_glcnet, tmp_path, [settings])
    assert 'Epoch(train)' not in next(tmp_path.rglob('*.log')).read_text()


def test_a_network_that_has_diverged(train, tiny_glcnet, scenes, tmp_path):
    class Break(ProbeHook):
        def before_train(self, runner):
            next(runner.model.parameters()).data.fill_(float('nan'))
            super().before_train(runner)

    with pytest.raises(NonFiniteError, match='features of the probe hold NaN'):
        train(tiny_glcnet, tmp_path, [dict(hook(scenes), type=Break)])


def test_bad_settings():
    with pytest.raises(ConfigError, match='at least 1, got 0, 100'):
        ProbeHook({}, {}, interval=0)
    with pytest.raises(ConfigError, match='at least 1, got 10, 0'):
        ProbeHook({}, {}, pixels=0)
    with pytest.raises(ConfigError, match="'linear' or 'knn', got 'svm'"):
        ProbeHook({}, {}, classifier='svm')


CHILD = """
import os, sys, torch
from mmengine.config import Config
from mmengine.runner import Runner
from glcnet_plugin.engine.cpu_launch import leave_group
from glcnet_plugin.errors import DataError

config, tiles, work_dir = sys.argv[1:]
torch.distributed.init_process_group('gloo')
def run(name, val):
    cfg = Config.fromfile(config)
    cfg.launcher, cfg.work_dir = 'pytorch', f'{work_dir}/{name}'
    cfg.train_cfg.max_epochs, cfg.experiment_name, cfg.visualizer.name = 1, name, name
    loader = dict(batch_size=3, num_workers=0, persistent_workers=False)
    cfg.merge_from_dict(dict(train_dataloader=loader))
    cfg.train_dataloader.dataset.data_root = f'{tiles}/images'
    folder = dict(type='glcnet_plugin.FolderSegDataset', data_root=tiles)
    if val:
        sets = dict(train=dict(folder, groups=['s000']), val=dict(folder, groups=val))
        cfg.custom_hooks = [dict(type='glcnet_plugin.ProbeHook', interval=1, **sets)]
    wrapper = dict(type='MMDistributedDataParallel', device_ids=None, broadcast_buffers=False)
    cfg.model_wrapper_cfg, cfg.sync_bn = wrapper, None
    runner = Runner.from_cfg(cfg)
    runner.train()
    return runner.model.state_dict(), runner.message_hub.log_scalars

probed, scalars = run('probed', ['s001'])
plain, _ = run('plain', None)
assert all(torch.equal(probed[key], plain[key]) for key in plain)
print('KNOWS', 'probe_Kappa' in scalars)
try:
    run('shared', ['s000'])
except DataError as error:
    print('REFUSED', error)
leave_group()
"""


def test_two_processes_wait_for_the_first_and_fail_together(scenes, tmp_path, run_ranks):
    logs = run_ranks(2, [sys.executable, '-c', CHILD, DEMO, scenes, tmp_path])
    assert 'KNOWS True' in logs[0] and 'KNOWS False' in logs[1]
    assert 'REFUSED both sets of the probe hold' in logs[0]
    assert 'REFUSED the probe failed in the first process: error: both sets' in logs[1]
