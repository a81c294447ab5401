from types import SimpleNamespace

import kill_and_resume
import pytest
import torch
from script_processes import PythonProcess

pytestmark = pytest.mark.slow


def test_a_killed_run_ends_as_one_that_went_through(scenes, tmp_path, monkeypatch):
    """6 epochs of one step each; ended by SIGKILL and by SIGTERM."""
    start = kill_and_resume.start

    def small(tiles, folder, epochs, *options):
        one_step = ['train_dataloader.batch_size=8', 'train_dataloader.num_workers=1']
        return start(tiles, folder, epochs, *options, '--cfg-options', *one_step)

    def popen(command, stdout, stderr):
        return PythonProcess(command, stdout.name)

    monkeypatch.setattr(kill_and_resume, 'start', small)
    monkeypatch.setattr(kill_and_resume, 'subprocess', SimpleNamespace(Popen=popen))
    results = kill_and_resume.campaign(scenes, tmp_path, 1, 6)
    assert [one['moment'] for one in results] == ['any', 'SIGTERM']
    for one in results:
        assert one['identical'] and one['resumed_with'] == one['checkpoint'] + 1


def test_states_are_compared_bit_for_bit():
    state = {'a': [torch.ones(2), 3], 'b': {'c': 'x'}}
    assert kill_and_resume.same(state, {'a': [torch.ones(2), 3], 'b': {'c': 'x'}})
    for other in (
        {'a': [torch.ones(2) + 1e-7, 3], 'b': {'c': 'x'}},
        {'a': [torch.ones(2), 4], 'b': {'c': 'x'}},
        {'a': [torch.ones(2)], 'b': {'c': 'x'}},
        {'a': [torch.ones(2), 3]},
    ):
        assert not kill_and_resume.same(state, other)
