"""The errors users can meet, each naming the offending value and the remedy."""

import shutil
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


# How torch says that /dev/shm is full; GPUs have a shared memory of another kind.
NO_ROOM = ('Bus error', '(shm)', 'shared memory object', '</torch_')


@contextmanager
def errors_in_a_line() -> Iterator[None]:
    """End a program whose settings or data are wrong with a line, not with a traceback.

    Raises:
        SystemExit: With status 1, for an error of this package, or if a process that reads data
            was killed, which torch notices wherever the program is just then.
    """
    try:
        yield
    except GLCNetError as error:
        sys.exit(explain(error))
    except RuntimeError as error:
        if (text := process_error(error)) is None:
            raise
        sys.exit(f'error: {text}')


def process_error(error: Exception) -> str | None:
    """What a failure of the processes of a loader means, None for any other error.

    Args:
        error: What torch raises: it says so, or finds the other end of a connection gone.
    """
    text = str(error)
    if any(mark in text for mark in NO_ROOM):
        return (
            'the processes that read the data found no room in shared memory, /dev/shm '
            f'({_shared_memory()}): give it more (docker run --shm-size=8g), or take a smaller '
            'train_dataloader.num_workers or batch_size; num_workers=0 needs none'
        )
    gone = isinstance(error, ConnectionError | EOFError | FileNotFoundError)
    if 'DataLoader worker (pid' in text or (gone and 'Original Traceback' not in text):
        what = text or type(error).__name__
        return (
            f'a process that reads the data was ended by the system ({what}): mostly for want of '
            f'memory, or of room in shared memory, /dev/shm ({_shared_memory()}). Take a smaller '
            'train_dataloader.num_workers; with num_workers=0 an error of the data themselves '
            'shows its cause'
        )
    return None


def _shared_memory() -> str:
    """Size of the shared memory of this machine."""
    try:
        return f'{shutil.disk_usage("/dev/shm").total / 2**20:.0f} MiB'
    except OSError:
        return 'size unknown'


class HostVersionWarning(UserWarning):
    """An installed package is outside the range this release was tested with."""
