import copy

import numpy as np
import pytest
import torch
from mmengine.dataset import default_collate
from mmengine.runner import Runner
from mmpretrain.structures import DataSample
from torch.utils.data import DataLoader, Dataset

from glcnet_plugin.datasets.drawn_views import DrawnViews
from glcnet_plugin.engine.hooks.embedding_metrics import EmbeddingMetricsHook
from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.utils.embedding_metrics import embedding_metrics


class Pairs(Dataset):
    """Two views of noise; the second shows the left half of the first's ground."""

    def __len__(self):
        return 8

    def __getitem__(self, index):
        sample = DataSample()
        matrix = torch.eye(3).repeat(2, 1, 1)
        matrix[1, 0, 0] = 2.0
        sample.set_field(matrix, 'view_matrix')
        torch.manual_seed(index)
        views = [torch.randint(0, 256, (3, 48, 48)).byte() for _ in range(2)]
        return {'inputs': views, 'data_samples': sample}


class DrawnPairs(Pairs):
    """The same pairs, of which the data preprocessor makes the views, from tiles of 96 px."""

    def __getitem__(self, index):
        sample = super().__getitem__(index)['data_samples']
        to_tile = np.linalg.inv(sample.view_matrix.double().numpy())
        sample.set_field(DrawnViews(to_tile, (48, 48), ({}, {})), 'drawn_views')
        return {'inputs': torch.randint(0, 256, (3, 96, 96)).byte(), 'data_samples': sample}


def run(model, folder, hooks, epochs=1, optimizer=None, pairs=None):
    """Train with 2 iterations of 4 pairs per epoch."""
    runner = Runner(
        model=copy.deepcopy(model),
        work_dir=str(folder),
        default_scope='mmpretrain',
        train_dataloader=DataLoader(pairs or Pairs(), 4, collate_fn=default_collate),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(optimizer=optimizer or dict(type='SGD', lr=0.01)),
        custom_hooks=hooks,
        default_hooks=dict(logger=dict(type='LoggerHook', interval=1), checkpoint=None),
        randomness=dict(seed=0),
        experiment_name=str(folder),
    )
    runner.train()
    return runner


def logged(runner):
    scalars = runner.message_hub.log_scalars
    return {k.removeprefix('train/emb_'): v for k, v in scalars.items() if '/emb_' in k}


def test_numbers_of_both_branches_are_logged(tiny_glcnet, tmp_path):
    hook = dict(type='glcnet_plugin.EmbeddingMetricsHook', interval=2)
    runner = run(tiny_glcnet, tmp_path, [hook], epochs=2)
    found = logged(runner)
    names = set(embedding_metrics(torch.eye(2), torch.eye(2)))
    expected = {f'{branch}_{name}' for branch in ('style', 'local') for name in names}
    assert set(found) == expected | {'num_regions', 'view_overlap'}
    assert {len(values.data[0]) for values in found.values()} == {2}  # 4 iterations, every 2nd
    assert found['view_overlap'].current() == pytest.approx(0.5)
    assert 0 < found['num_regions'].current() <= 16
    log = next(tmp_path.rglob('*.log')).read_text()
    assert 'emb_style_effective_rank' in log and 'emb_local_std' in log


def test_views_that_the_data_preprocessor_makes(tiny_glcnet, tmp_path):
    pytest.importorskip('kornia')
    hook = dict(type='glcnet_plugin.EmbeddingMetricsHook', interval=1)
    found = logged(run(tiny_glcnet, tmp_path, [hook], pairs=DrawnPairs()))
    assert found['view_overlap'].current() == pytest.approx(0.5)


def test_training_is_the_same_with_and_without(tiny_glcnet, tmp_path):
    states = []
    for name, hooks in (
        ('with', [dict(type='glcnet_plugin.EmbeddingMetricsHook', interval=1)]),
        ('no', []),
    ):
        (tmp_path / name).mkdir()
        states.append(run(tiny_glcnet, tmp_path / name, hooks).model.state_dict())
    assert all(torch.equal(states[0][key], states[1][key]) for key in states[1])


def test_nothing_is_left_listening(tiny_glcnet, tmp_path):
    runner = run(
        tiny_glcnet, tmp_path, [dict(type='glcnet_plugin.EmbeddingMetricsHook', interval=1)]
    )
    assert not any(module._forward_pre_hooks for module in runner.model.modules())
    kept = runner.model.branch_outputs.values()
    assert kept and not any(output.z1.requires_grad or output.loss.requires_grad for output in kept)


def test_one_branch_alone(tiny_glcnet, tmp_path):
    hook = dict(type='glcnet_plugin.EmbeddingMetricsHook', interval=1)
    found = logged(run(dict(tiny_glcnet, local_head=None), tmp_path, [hook]))
    assert 'num_regions' not in found and not [key for key in found if key.startswith('local')]


def test_interval_below_one():
    with pytest.raises(ConfigError, match='at least 1, got 0'):
        EmbeddingMetricsHook(0)


def test_embeddings_compared_with_a_queue(tiny_glcnet, tmp_path):
    model = dict(tiny_glcnet, type='glcnet_plugin.MomentumGLCNet', queue_length=16)
    found = logged(
        run(model, tmp_path, [dict(type='glcnet_plugin.EmbeddingMetricsHook', interval=2)])
    )
    assert {'style_effective_rank', 'local_effective_rank', 'num_regions', 'view_overlap'} <= set(
        found
    )
