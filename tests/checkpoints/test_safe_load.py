import os
import pickle
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.runner import Runner

from glcnet_plugin.checkpoints.safe_load import read_weights
from glcnet_plugin.errors import DataError


@pytest.fixture(params=['torch 2.5 and newer', 'older torch'])
def _both_readers(request, monkeypatch):
    """Read as every version of torch does."""
    if request.param == 'older torch':
        monkeypatch.delattr(torch.serialization, 'safe_globals', raising=False)
    elif not hasattr(torch.serialization, 'safe_globals'):
        pytest.skip('this torch has no safe_globals')


both_readers = pytest.mark.usefixtures('_both_readers')


class Tiny(BaseModel):
    def __init__(self):
        super().__init__()
        self.backbone = torch.nn.Linear(2, 1)

    def forward(self, inputs, mode='tensor'):
        return {'loss': self.backbone(inputs).sum()}


@pytest.fixture
def genuine(tmp_path):
    """A checkpoint that a runner wrote, with the history of its losses."""
    runner = Runner(
        Tiny(),
        str(tmp_path),
        train_dataloader=torch.utils.data.DataLoader([{'inputs': torch.ones(2)}] * 3),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
        param_scheduler=dict(type='ConstantLR', begin=0, end=3, by_epoch=False),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1)),
        cfg=Config(dict(model=dict(type='Tiny'))),
        experiment_name=tmp_path.name,
    )
    runner.train()
    return tmp_path / 'epoch_1.pth', runner.model.state_dict()


@both_readers
def test_a_checkpoint_of_a_runner_is_read_and_its_history_is_not(genuine):
    path, state = genuine
    content = read_weights(str(path))
    assert set(content['state_dict']) == set(state)
    assert all(torch.equal(content['state_dict'][key], state[key]) for key in state)
    assert content['meta']['iter'] == 3 and 'Tiny' in content['meta']['cfg']
    (history, *_) = content['message_hub']['log_scalars'].values()
    assert type(history).__name__ == 'HistoryBuffer' and vars(history) == {}


def test_what_others_allowed_in_this_process_is_allowed_again_afterwards(genuine):
    if not hasattr(torch.serialization, 'safe_globals'):
        pytest.skip('this torch has no safe_globals')
    import numpy as np

    with torch.serialization.safe_globals([np.ndarray, np.dtype]):
        before = set(torch.serialization.get_safe_globals())
        read_weights(str(genuine[0]))
        assert set(torch.serialization.get_safe_globals()) == before


class Payload:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f'touch {self.path}',)


@both_readers
@pytest.mark.parametrize('zipped', [True, False])
def test_a_payload_is_named_and_does_not_run(tmp_path, zipped):
    path, mark = tmp_path / 'x.pth', tmp_path / 'mark'
    content = {'state_dict': {'backbone.a': torch.zeros(1)}, 'meta': Payload(mark)}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(DataError, match=r'x.pth is refused: it holds \w+.system.*state_dict'):
        read_weights(str(path))
    assert not mark.exists()
    torch.load(path, weights_only=False)  # the payload does run where it is let
    assert mark.exists()


class Attribute:
    def __reduce__(self):
        return getattr, ('a text', 'upper')


@both_readers
def test_the_getattr_of_the_history_is_never_called(tmp_path):
    torch.save({'a': Attribute()}, tmp_path / 'x.pth')
    assert callable(torch.load(tmp_path / 'x.pth', weights_only=False)['a'])
    assert not callable(read_weights(str(tmp_path / 'x.pth'))['a'])


@both_readers
@pytest.mark.parametrize('zipped', [True, False])
def test_plain_state_dicts_parameters_and_half_precision(tmp_path, zipped):
    state = {'a': torch.rand(2, 3).half(), 'b': torch.nn.Parameter(torch.rand(2))}
    torch.save(state, tmp_path / 'x.pth', _use_new_zipfile_serialization=zipped)
    found = read_weights(str(tmp_path / 'x.pth'))
    assert torch.equal(found['a'], state['a']) and torch.equal(found['b'], state['b'])


def refused(path, message):
    with pytest.raises(DataError, match=message):
        read_weights(str(path))


def test_a_missing_file(tmp_path):
    refused(tmp_path / 'x.pth', 'there is no file of weights .*x.pth')


@both_readers
def test_a_text_file(tmp_path):
    (tmp_path / 'x.pth').write_text('hello, here are no weights')
    refused(tmp_path / 'x.pth', 'x.pth is no checkpoint, or a damaged one')


@both_readers
@pytest.mark.filterwarnings('ignore:Detected pickle protocol')
def test_a_pickle_of_something_else(tmp_path):
    (tmp_path / 'x.pth').write_bytes(pickle.dumps({'a': 1}))
    refused(tmp_path / 'x.pth', 'x.pth is no checkpoint')


@both_readers
def test_a_file_that_ends_too_early(tmp_path):
    path = tmp_path / 'x.pth'
    torch.save({'a': torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[:2000])
    refused(path, r'damaged one \(.*zip archive.*get or write it again')


def test_a_bare_tensor(tmp_path):
    torch.save(torch.zeros(1), tmp_path / 'x.pth')
    refused(tmp_path / 'x.pth', 'holds a Tensor, not a dict')


@pytest.fixture
def web(tmp_path, monkeypatch):
    """A web with one file; counts what is fetched."""
    fetched = []

    def fetch(address, path, hash_prefix=None, progress=True):
        fetched.append((address, hash_prefix))
        if 'gone' in address:
            raise OSError('HTTP Error 404: Not Found')
        torch.save({'a': torch.ones(1)}, path)

    monkeypatch.setattr(torch.hub, 'download_url_to_file', fetch)
    monkeypatch.setattr(torch.hub, 'get_dir', lambda: str(tmp_path / 'hub'))
    return fetched


def test_addresses_are_fetched_once_and_compared_with_the_digest_in_the_name(web, tmp_path):
    address = 'https://example.org/a/resnet50-0676ba61.pth?download=1'
    for _ in range(2):
        assert read_weights(address)['a'] == 1
    assert web == [(address, '0676ba61')]
    assert (tmp_path / 'hub/checkpoints/resnet50-0676ba61.pth').is_file()


def test_a_name_without_digest(web):
    read_weights('https://example.org/model-ade.pth')
    assert web[0][1] is None


def test_an_address_that_cannot_be_downloaded(web):
    refused(
        'https://example.org/gone.pth',
        r'(?s)gone.pth could not be downloaded \(HTTP Error 404.*put it',
    )


def test_names_of_torchvision(web):
    read_weights('torchvision://resnet50')
    assert web[0][0].endswith('download.pytorch.org/models/resnet50-0676ba61.pth')
    refused('torchvision://resnet51', "no weights 'resnet51'; near: resnet18")


def test_other_addresses():
    refused('s3://bucket/x.pth', 's3://bucket/x.pth: only https://')


def test_home_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    torch.save({'a': torch.ones(1)}, Path(tmp_path, 'x.pth'))
    assert read_weights('~/x.pth')['a'] == 1
