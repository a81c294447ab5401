import importlib.util
from pathlib import Path

import pytest
import torch

from glcnet_plugin.engine.hooks.collapse_guard import CollapseGuardHook
from glcnet_plugin.errors import CollapseError, ConfigError

spec = importlib.util.spec_from_file_location(
    'metric_runs', Path(__file__).with_name('test_embedding_metrics.py')
)
metric_runs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(metric_runs)

METRICS = dict(type='glcnet_plugin.EmbeddingMetricsHook', interval=1)


@pytest.fixture
def collapsed(tiny_glcnet, monkeypatch):
    """A network whose style projector gives one direction, whatever comes in."""
    from glcnet_plugin.models.heads import StyleContrastHead

    project = StyleContrastHead.project
    monkeypatch.setattr(StyleContrastHead, 'project', lambda self, x: project(self, x) * 1e-4 + 1.0)
    return tiny_glcnet


def guard(begin=0, **settings):
    return dict(type='glcnet_plugin.CollapseGuardHook', patience=2, begin=begin, **settings)


def collapses(folder):
    return next(folder.rglob('*.log')).read_text().count('style branch has collapsed')


def test_a_collapse_stops_the_run(collapsed, tmp_path):
    hooks = [METRICS, guard(action='stop')]
    with pytest.raises(CollapseError, match=r'style branch has collapsed: std 0.0.* iteration 2'):
        metric_runs.run(collapsed, tmp_path, hooks, epochs=2)


def test_a_collapse_is_warned_of_once(collapsed, tmp_path):
    runner = metric_runs.run(collapsed, tmp_path, [METRICS, guard()], epochs=3)
    assert runner.iter == 6 and collapses(tmp_path) == 1


def test_nothing_to_learn_is_noticed_at_once(tiny_glcnet, tmp_path, monkeypatch):
    """As with exclude='scene' where all images are of one scene."""
    from glcnet_plugin.models.losses import nt_xent_loss

    nobody = nt_xent_loss.has_negatives
    monkeypatch.setattr(nt_xent_loss, 'has_negatives', lambda *args: nobody(*args) & False)
    hooks = [METRICS, guard(action='stop', begin=50)]
    with pytest.raises(CollapseError, match='style branch has nothing to learn: no item of the'):
        metric_runs.run(tiny_glcnet, tmp_path, hooks, epochs=1)


@pytest.mark.parametrize('weight', [0.0, 1.0])
def test_a_branch_that_is_switched_off_may_idle(tiny_glcnet, tmp_path, weight):
    model = dict(tiny_glcnet, lambda_global=weight)
    runner = metric_runs.run(model, tmp_path, [METRICS, guard(action='stop', begin=50)])
    assert runner.iter == 2


def test_before_it_begins_nothing_is_judged(collapsed, tmp_path):
    metric_runs.run(collapsed, tmp_path, [METRICS, guard(begin=5)], epochs=3)
    assert collapses(tmp_path) == 0  # one look is left, two are needed


@pytest.mark.slow  # trains
def test_a_network_that_learns_is_left_alone(tiny_glcnet, tmp_path):
    hooks = [METRICS, guard(action='stop', begin=50)]
    adam = dict(type='Adam', lr=3e-3)
    runner = metric_runs.run(tiny_glcnet, tmp_path, hooks, epochs=30, optimizer=adam)
    std = runner.message_hub.get_scalar('train/emb_local_std').data[0]
    assert runner.iter == 60 and std[0] < 0.1 < min(std[50:])


def test_metrics_hook_is_needed(tiny_glcnet, tmp_path):
    with pytest.raises(ConfigError, match='EmbeddingMetricsHook logs: add that hook to the config'):
        metric_runs.run(tiny_glcnet, tmp_path, [guard()])


def test_bad_settings():
    with pytest.raises(ConfigError, match="'warn' or 'stop', got 'cry'"):
        CollapseGuardHook('cry')
    with pytest.raises(ConfigError, match='patience must be at least 1'):
        CollapseGuardHook(patience=0)
    assert torch.tensor(CollapseGuardHook().limits['std']) > 0
