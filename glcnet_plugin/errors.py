"""The errors users can meet, each naming the offending value and the remedy."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class GLCNetError(Exception):
    """Base class of every error raised on purpose by this package."""


class ConfigError(GLCNetError, ValueError):
    """A setting is out of range, missing, or contradicts another one."""


class DataError(GLCNetError, RuntimeError):
    """Data are missing, unreadable, or do not fit the settings."""


class CheckpointMismatchError(GLCNetError, RuntimeError):
    """A checkpoint does not hold what the requested scope promises."""


class CollapseError(GLCNetError, RuntimeError):
    """The embeddings of a pretraining no longer tell anything apart."""


class NonFiniteError(GLCNetError, ArithmeticError):
    """A loss is not a number, or infinite."""


class StorageError(GLCNetError, OSError):
    """A file of the run cannot be written."""


class HostError(GLCNetError, ImportError):
    """An OpenMMLab package is missing."""


def explain(error: BaseException) -> str:
    """Text of an error for the terminal: what happened, without where in the code.

    Args:
        error: The error. One from a worker of a data loader carries the worker's traceback in
            its text; only its message is kept.

    Returns:
        ``error: message``.
    """
    message = str(error)
    if 'Original Traceback' in message:
        message = message.rsplit(f'{type(error).__name__}: ', 1)[-1].strip()
    return f'error: {message}'


@contextmanager
def errors_in_a_line() -> Iterator[None]:
    """End a program whose settings or data are wrong with a line, not with a traceback.

    Raises:
        SystemExit: With status 1, for an error of this package.
    """
    try:
        yield
    except GLCNetError as error:
        sys.exit(explain(error))


class HostVersionWarning(UserWarning):
    """An installed package is outside the range this release was tested with."""
