import pytest

from glcnet_plugin import errors
from glcnet_plugin.errors import DataError, explain


@pytest.mark.parametrize(
    ('error', 'builtin'),
    [
        (errors.ConfigError, ValueError),
        (errors.DataError, RuntimeError),
        (errors.CheckpointMismatchError, RuntimeError),
        (errors.NonFiniteError, ArithmeticError),
        (errors.StorageError, OSError),
        (errors.HostError, ImportError),
    ],
)
def test_errors_can_be_caught_by_our_base_and_by_the_builtin(error, builtin):
    assert issubclass(error, errors.GLCNetError) and issubclass(error, builtin)


def test_errors_of_workers_are_told_without_their_traceback():
    from torch.utils.data import DataLoader

    class Broken:
        def __len__(self):
            return 1

        def __getitem__(self, index):
            raise DataError('a.tif is damaged:\nfetch it again')

    with pytest.raises(DataError, match='Original Traceback') as caught:
        list(DataLoader(Broken(), num_workers=1))
    assert explain(caught.value) == 'error: a.tif is damaged:\nfetch it again'
    assert explain(DataError('b.tif')) == 'error: b.tif'


def test_programs_end_with_a_line():
    with pytest.raises(SystemExit) as ended, errors.errors_in_a_line():
        raise DataError('b.tif is damaged')
    assert ended.value.code == 'error: b.tif is damaged'
    with pytest.raises(ZeroDivisionError), errors.errors_in_a_line():
        raise ZeroDivisionError
    killed = 'DataLoader worker (pid 7) is killed by signal: Killed.'
    with (
        pytest.raises(SystemExit, match=r'was ended by the system \(DataLoader worker \(pid 7'),
        errors.errors_in_a_line(),
    ):
        raise RuntimeError(killed)
    for other in ('anything else', 'out of resource: shared memory, Required: 147456'):  # a GPU's
        with pytest.raises(RuntimeError, match=other), errors.errors_in_a_line():
            raise RuntimeError(other)
