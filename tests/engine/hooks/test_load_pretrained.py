import logging
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from glcnet_plugin.engine.hooks import LoadPretrainedHook
from glcnet_plugin.errors import CheckpointMismatchError, ConfigError


def runner(iteration=0):
    model = nn.Module()
    model.backbone = nn.Linear(2, 2)
    return SimpleNamespace(model=model, iter=iteration, logger=logging.getLogger('test'))


@pytest.fixture
def checkpoint(tmp_path):
    path = str(tmp_path / 'x.pth')
    state = {'backbone.weight': torch.ones(2, 2), 'backbone.bias': torch.ones(2)}
    torch.save({'state_dict': state}, path)
    return path


def test_loads_before_the_first_iteration_and_says_what(checkpoint, caplog):
    r = runner()
    with caplog.at_level(logging.INFO):
        LoadPretrainedHook(checkpoint, 'backbone').before_train(r)
    assert (r.model.backbone.weight == 1).all()
    assert 'loaded 2 tensors' in caplog.text and checkpoint in caplog.text


def test_a_resumed_run_keeps_its_weights(checkpoint, caplog):
    r = runner(iteration=7)
    before = r.model.backbone.weight.clone()
    with caplog.at_level(logging.INFO):
        LoadPretrainedHook(checkpoint, 'backbone').before_train(r)
    assert (
        torch.equal(r.model.backbone.weight, before)
        and 'resumed run: it keeps its weights' in caplog.text
    )


def test_no_checkpoint_is_said_aloud(caplog):
    with caplog.at_level(logging.INFO):
        LoadPretrainedHook().before_train(runner())
    assert 'random weights' in caplog.text


def test_mismatch_stops(checkpoint):
    r = runner()
    r.model.backbone = nn.Linear(3, 2)
    with pytest.raises(CheckpointMismatchError):
        LoadPretrainedHook(checkpoint, 'backbone').before_train(r)


def test_unknown_scope_is_refused_when_built():
    with pytest.raises(ConfigError, match="got 'everything'"):
        LoadPretrainedHook(scope='everything')


def test_other_statistics_than_in_pretraining_are_a_warning(tmp_path, caplog):
    path = str(tmp_path / 'x.pth')
    state = {'backbone.weight': torch.ones(2, 2), 'backbone.bias': torch.ones(2)}
    bands = {'names': None, 'mean': [0.5], 'std': [1.0]}
    torch.save({'state_dict': state, 'meta': {'bands': bands}}, path)
    r = runner()
    r.model.data_preprocessor = nn.Module()
    r.model.data_preprocessor.mean = torch.tensor([0.75])
    r.model.data_preprocessor.std = torch.tensor([1.0])
    with caplog.at_level(logging.WARNING):
        LoadPretrainedHook(path, 'backbone').before_train(r)
    assert 'mean was [0.5] in pretraining, it is [0.75] here' in caplog.text


def test_keys_that_may_be_missing_are_named_in_the_log(tmp_path, caplog):
    path = str(tmp_path / 'x.pth')
    torch.save({'state_dict': {'backbone.weight': torch.ones(2, 2)}}, path)
    with caplog.at_level(logging.INFO):
        LoadPretrainedHook(path, 'backbone', allow_missing=['backbone.bias']).before_train(runner())
    assert 'as allow_missing permits (1): backbone.bias' in caplog.text


def test_rgb_kernels_are_inflated_on_request_and_that_is_logged(tmp_path, caplog):
    path = str(tmp_path / 'x.pth')
    torch.save({'state_dict': {'backbone.conv1.weight': torch.ones(2, 3, 1, 1)}}, path)
    r = runner()
    r.model.backbone = nn.Module()
    r.model.backbone.conv1 = nn.Conv2d(4, 2, 1, bias=False)
    with pytest.raises(CheckpointMismatchError, match='inflate=True'):
        LoadPretrainedHook(path, 'backbone').before_train(r)
    with caplog.at_level(logging.INFO):
        LoadPretrainedHook(path, 'backbone', inflate=True).before_train(r)
    assert 'kernels of 3 bands inflated to 4' in caplog.text
    assert (r.model.backbone.conv1.weight == 0.75).all()
