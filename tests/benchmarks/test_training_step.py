import pytest
import torch
import training_step
from data_tools import write_tiles
from training_step import NETWORKS, Case, Step, compare, draw_batch, step_seconds


@pytest.fixture
def tiles(tmp_path):
    write_tiles(tmp_path / 'tiles', 4)
    return tmp_path / 'tiles/images'


def test_the_configs_are_shipped():
    paths = {path for network in NETWORKS.values() for path in network.values()}
    assert all((training_step.CONFIGS / path).is_file() for path in paths)


def test_a_case_changes_the_shipped_config():
    case = Case('bare', precision='bf16', options={'model.backbone.with_cp': True})
    cfg = case.config()
    assert cfg.model.type is training_step.BareNetwork and cfg.model.backbone.with_cp
    assert cfg.model.backbone.depth == 50 and cfg.train_dataloader.batch_size == 64
    assert (cfg.optim_wrapper.type, cfg.optim_wrapper.dtype) == ('AmpOptimWrapper', 'bfloat16')
    assert (
        Case('glcnet', device_views=True)
        .config()
        .train_dataloader.dataset.pipeline[2]
        .type.endswith('TwoViewsOnDevice')
    )


@pytest.mark.slow
def test_a_step_trains_the_network(tiles):
    batch = draw_batch(Case('glcnet', 'r18w16'), tiles, 2)
    assert [view.shape for view in batch['inputs']] == [(2, 3, 64, 64)] * 2
    assert batch['inputs'][0].dtype == torch.uint8
    for method in ('simclr', 'glcnet', 'bare'):
        step = Step(Case(method, 'r18w16', channels_last=True), batch, 'cpu')
        before = step.model.backbone.conv1.weight.clone()
        losses = step()
        assert (step.model.backbone.conv1.weight != before).any()
    assert set(losses) == {'loss', 'loss_mean'}
    assert step.model.style_head.projector[0].weight.grad is None


def test_steps_take_turns_after_a_warm_up():
    calls = []
    steps = {name: lambda name=name: calls.append(name) for name in 'ab'}
    figures = compare(steps, 3)
    assert calls == ['a', 'a', 'b', 'b'] + ['a', 'b'] * 3
    assert figures['a']['of_first'] == 1 and figures['b']['ms'] >= 0


def test_one_time_per_step():
    calls = []
    assert len(step_seconds(lambda: calls.append(1), 3, 2)) == 3
    assert len(calls) == 5
