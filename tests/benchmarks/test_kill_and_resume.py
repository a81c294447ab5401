from types import SimpleNamespace

import kill_and_resume
import pytest
import torch
from script_processes import PythonProcess

from glcnet_plugin.utils.atomic_io import replacing

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


@pytest.mark.parametrize('moment', ['writing', 'between epochs'])
def test_a_run_that_ends_before_the_moment_is_not_waited_for(tmp_path, monkeypatch, moment):
    """It took ten minutes on a busy machine, and counted as killed."""
    monkeypatch.setattr(kill_and_resume, 'wait_until_trained', lambda folder, steps: 0.0)
    polled = []
    child = SimpleNamespace(poll=lambda: polled.append(1) or (0 if len(polled) > 2 else None))
    kill_and_resume.wait_for(moment, tmp_path, 3, 24, 0.1, child)
    assert len(polled) == 3


def test_a_checkpoint_that_is_being_written_is_seen(tmp_path, monkeypatch):
    """By the name that atomic writes use: none was, so that no run was killed at that moment."""
    monkeypatch.setattr(kill_and_resume, 'wait_until_trained', lambda folder, steps: 0.0)
    with replacing(tmp_path / 'epoch_1.pth') as part:
        part.touch()
        kill_and_resume.wait_for('writing', tmp_path, 2, 8, 0.1, SimpleNamespace(poll=None))


def test_such_a_run_is_started_again(tmp_path, monkeypatch):
    statuses, started = [0, -9], []

    def start(tiles, folder, epochs, *options):
        started.append(options)
        return SimpleNamespace(send_signal=lambda s: None, wait=lambda limit: statuses.pop(0))

    monkeypatch.setattr(kill_and_resume, 'start', start)
    monkeypatch.setattr(kill_and_resume, 'wait_for', lambda *arguments: None)
    monkeypatch.setattr(kill_and_resume, 'finish', lambda child, folder: None)
    monkeypatch.setattr(kill_and_resume, 'trained', lambda folder: [1, 2])
    monkeypatch.setattr(kill_and_resume, 'latest_checkpoint', lambda folder: (None, []))
    monkeypatch.setattr(kill_and_resume, 'final_state', lambda folder, epochs: {'a': 1})
    result = kill_and_resume.end_once('any', None, tmp_path / 'run', 3, 24, 0.1, {'a': 1})
    assert result['status'] == -9 and started == [(), (), ('--resume',)]


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
