import pytest

from glcnet_plugin import errors


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
