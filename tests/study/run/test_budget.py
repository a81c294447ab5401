import json
from functools import partial

import pytest

from glcnet_plugin.study.configs import pretrain_config
from glcnet_plugin.study.run import budget
from glcnet_plugin.study.run.budget import seconds_per_step, steps_within
from glcnet_plugin.study.run.jobs import train


@pytest.mark.parametrize(('minutes', 'steps'), [(2, 240), (0.001, 1)])
def test_as_many_steps_as_fit(tmp_path, monkeypatch, minutes, steps):
    monkeypatch.setattr(budget, 'seconds_per_step', lambda *_: 0.5)
    assert steps_within(minutes, None, tmp_path, None)['steps'] == steps


def test_a_resumed_pretraining_makes_the_steps_that_were_found_first(tmp_path, monkeypatch):
    found = iter([0.5])
    monkeypatch.setattr(budget, 'seconds_per_step', lambda *_: next(found))
    first, second = (steps_within(1, None, tmp_path, None) for _ in range(2))
    assert first == second == {'steps': 120, 'seconds_per_step': 0.5}
    assert json.loads((tmp_path / 'budget.json').read_text()) == first


@pytest.mark.slow
def test_steps_of_the_pretraining_are_timed(context, jobs, tmp_path, monkeypatch):
    monkeypatch.setattr(budget, 'WARM_UP', 1)
    monkeypatch.setattr(budget, 'TIMED', 1)
    cfg = pretrain_config(context, jobs['pretrain/simclr/seed0'])
    before = cfg.pretty_text
    assert 0 < seconds_per_step(cfg, tmp_path / 'timing', partial(train, seed=0)) < 60
    assert cfg.pretty_text == before and not (tmp_path / 'timing').exists()
