from types import SimpleNamespace

import pytest
from mmengine.runner import BaseLoop

from glcnet_plugin.engine.hooks import preflight
from glcnet_plugin.engine.hooks.preflight import PreflightHook


class Loop(BaseLoop):
    def __init__(self, name):
        self.dataloader = name

    def run(self):
        raise AssertionError


@pytest.mark.parametrize(
    ('built', 'expected'),
    [
        ({'train', 'val'}, ['training', 'val']),
        ({'train'}, ['training']),
        ({'val'}, ['val']),
        ({'test'}, ['test']),
    ],
)
def test_what_a_run_will_do_is_checked(monkeypatch, built, expected):
    calls = []
    monkeypatch.setattr(preflight, 'check_training', lambda runner: calls.append('training'))
    monkeypatch.setattr(preflight, 'score_singly_if_sizes_differ', calls.append)
    loops = {f'_{n}_loop': Loop(n) if n in built else {} for n in ('train', 'val', 'test')}
    PreflightHook().before_run(SimpleNamespace(**loops))
    assert calls == expected
