import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.logging import HistoryBuffer
from mmengine.model import BaseModel
from mmengine.runner import Runner

from glcnet_plugin.checkpoints import safe_load
from glcnet_plugin.checkpoints.safe_load import read_checkpoint, read_weights
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
    refused(tmp_path / 'x.pth', 'no such checkpoint: .*x.pth')


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


def equal(one, other):
    """Compare tensors, arrays, histories and plain values of a checkpoint."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, HistoryBuffer):
        return all(map(equal, one.data, other.data))
    if isinstance(one, dict):
        return list(one) == list(other) and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return type(one) is type(other) and one == other


@both_readers
def test_a_whole_checkpoint_is_read_as_by_the_unsafe_reader(genuine):
    path = genuine[0]
    content = torch.load(path, weights_only=False)
    content['meta'] |= {
        'scalars': [np.float64(0.5), np.int64(3), np.float32(1e-3), np.bool_(True)],
        'palette': np.arange(6, dtype=np.uint8).reshape(2, 3),
        'names': np.array(['a', 'bc']),
        'bytes': bytes(range(256)),
        'nested': (1, {'a': [None, 2.5, 'text']}),
    }
    torch.save(content, path)
    found = read_checkpoint(str(path))
    assert equal(content, found) and 'optimizer' in found
    both = [c['message_hub']['log_scalars']['train/loss'] for c in (content, found)]
    assert both[0].mean() == both[1].mean() == both[1].statistics('mean')
    torch.save(found, path)  # as the next checkpoint of a resumed run does
    assert equal(content, read_checkpoint(str(path)))


@both_readers
@pytest.mark.parametrize('zipped', [True, False])
def test_a_payload_does_not_run_in_a_whole_checkpoint(tmp_path, zipped):
    path, mark = tmp_path / 'x.pth', tmp_path / 'mark'
    content = {'state_dict': {'a': torch.zeros(1)}, 'meta': {'x': Payload(mark)}}
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    with pytest.raises(DataError, match=r'x.pth is refused: it holds \w+.system'):
        read_checkpoint(str(path))
    assert not mark.exists()


class Call:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


@both_readers
@pytest.mark.parametrize(
    'call',
    [
        (getattr, 'a text', 'upper'),
        (getattr, HistoryBuffer, '__init__'),
    ],
)
def test_what_the_history_calls_takes_its_own_arguments_only(tmp_path, call):
    torch.save({'a': Call(*call)}, tmp_path / 'x.pth')
    with pytest.raises(DataError, match=r'is refused: it holds builtins.getattr'):
        read_checkpoint(str(tmp_path / 'x.pth'))


@both_readers
def test_arrays_take_no_memory_before_their_content_is_there(tmp_path):
    empty = np.ndarray([0], 'b').__reduce__()[0]
    torch.save({'a': Call(empty, np.ndarray, (10**15,), b'b')}, tmp_path / 'x.pth')
    assert read_checkpoint(str(tmp_path / 'x.pth'))['a'].shape == (0,)


class Pair(tuple):
    __slots__ = ()


def test_what_the_user_lets_pass_is_read(tmp_path):
    if not hasattr(torch.serialization, 'safe_globals'):
        pytest.skip('this torch has no safe_globals')
    torch.save({'a': Call(Pair, (1, 2))}, tmp_path / 'x.pth')
    with pytest.raises(DataError, match='Pair'):
        read_checkpoint(str(tmp_path / 'x.pth'))
    with torch.serialization.safe_globals([Pair]):
        assert read_checkpoint(str(tmp_path / 'x.pth'))['a'] == (1, 2)


@pytest.mark.parametrize('read', [read_weights, read_checkpoint])
def test_sizes_are_checked_before_memory_is_allocated(tmp_path, read, monkeypatch):
    torch.save({'a': torch.zeros(2**20)}, tmp_path / 'x.pth')  # 4 MiB
    bomb = tmp_path / 'bomb.pth'
    with zipfile.ZipFile(tmp_path / 'x.pth') as plain, zipfile.ZipFile(bomb, 'w') as packed:
        for name in plain.namelist():
            packed.writestr(name, plain.read(name), zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 10_000
    monkeypatch.setattr(torch, 'load', lambda *_, **__: pytest.fail('it was unpacked'))
    with pytest.raises(
        DataError, match=r'bomb.pth is refused: its [\d,]+ bytes would unpack to 4,'
    ):
        read(str(bomb))


def test_weights_that_were_packed_again_are_read(tmp_path):
    torch.save({'a': torch.rand(5000)}, tmp_path / 'x.pth')
    with (
        zipfile.ZipFile(tmp_path / 'x.pth') as plain,
        zipfile.ZipFile(tmp_path / 'y.pth', 'w', zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    assert read_weights(str(tmp_path / 'y.pth'))['a'].shape == (5000,)


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


def laughs(levels):
    """Few objects, 10 to the power of the levels when they are walked through."""
    value = [0] * 10
    for _ in range(levels):
        value = [value] * 10
    return value


def deep_pickle(path, depth):
    """As torch.save would write it, whose own pickler gives up at that depth."""
    torch.save({'a': [1]}, path)
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    (name,) = (name for name in entries if name.endswith('data.pkl'))
    entries[name] = b'\x80\x02}X\x01\x00\x00\x00a' + b']' * depth + b'a' * (depth - 1) + b's.'
    with zipfile.ZipFile(path, 'w') as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


@both_readers
def test_deep_nesting_is_a_typed_error(tmp_path, monkeypatch):
    monkeypatch.setattr(safe_load, 'MOST_ITEMS', 100_000)  # 10,000,000 take seconds
    path = tmp_path / 'x.pth'
    torch.save({'a': nested(30)}, path)
    assert read_checkpoint(str(path)) == {'a': nested(30)}
    deep_pickle(path, 100_000)
    refused(path, 'x.pth is refused: its content is nested more than 50 levels deep')
    torch.save({'a': laughs(9)}, path)
    refused(path, r'more than 100,000 items')
