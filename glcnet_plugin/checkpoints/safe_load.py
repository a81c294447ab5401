"""Read checkpoints without executing anything they contain.

A checkpoint is a pickle, which may call any function while it is read. Here only the constructors
of tensors and of MM's records (the history of the losses, in NumPy arrays) are called. Sizes are
checked before memory is allocated, nesting before anything walks through the content.
"""

import pickle
import re
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from mmengine.logging import HistoryBuffer

from glcnet_plugin.checkpoints.sources import local_file
from glcnet_plugin.errors import DataError

# Bytes that an archive may unpack to, per byte of the file. torch.save compresses nothing; weights
# of half precision, or half of them zeros, that were packed again reach about 2.
MOST_UNPACKED = 20
DEEPEST, MOST_ITEMS = 50, 10_000_000  # levels of nesting, and items on one of them


class Unread:
    """Stands for a part of a checkpoint that is not needed, and is therefore not rebuilt."""

    def __init__(self, *args: Any) -> None:
        """Take and forget the arguments."""

    def __setstate__(self, state: Any) -> None:
        """Forget the state."""


def _history_method(owner: Any, name: str) -> Any:
    """``getattr`` for the history, which names its own methods."""
    if owner is not HistoryBuffer or name not in ('min', 'max', 'mean', 'current'):
        raise pickle.UnpicklingError(f'GLOBAL builtins.getattr of {name!r}')
    return getattr(HistoryBuffer, name)


def _bytes(text: str, encoding: str) -> bytes:
    """``codecs.encode`` as pickles use it, to write bytes as text."""
    if encoding != 'latin1':
        raise pickle.UnpicklingError(f'GLOBAL _codecs.encode to {encoding!r}')
    return text.encode('latin1')


def _scalar(dtype: Any, data: bytes) -> Any:
    """A NumPy scalar out of its bytes."""
    return np.frombuffer(data, dtype)[0]


def _empty_array(*_args: Any) -> Any:
    """An array whose shape and content follow; a shape given here would take memory unchecked."""
    return np.ndarray((0,), 'b')


# What an ordinary checkpoint of mmengine 0.10 holds beside tensors: its name in pickles of every
# version of Python, NumPy and torch, and what is called instead.
RECORDS: dict[str, Callable[..., Any]] = {
    'mmengine.logging.history_buffer.HistoryBuffer': HistoryBuffer,
    'builtins.getattr': _history_method,
    '__builtin__.getattr': _history_method,  # its name in the pickles that torch writes
    '_codecs.encode': _bytes,
    'numpy.dtype': np.dtype,
    'numpy.ndarray': np.ndarray,
    'numpy.core.multiarray._reconstruct': _empty_array,
    'numpy.core.multiarray.scalar': _scalar,
    'numpy._core.multiarray._reconstruct': _empty_array,
    'numpy._core.multiarray.scalar': _scalar,
}
# The classes of data types, of which torch asks whether their state may be set.
DTYPES = list({type(np.dtype(code)) for code in np.typecodes['AllInteger'] + '?efdgFDGSUOMmV'})


def _alias(path: str, target: Callable[..., Any] | None) -> Any:
    """An object of the name that pickles use: a function, or a class to take no part in."""
    module, _, name = path.rpartition('.')
    if target is None:
        return type(name, (Unread,), {'__module__': module})
    if isinstance(target, type):
        return target

    def call(*args: Any) -> Any:
        return target(*args)

    call.__module__, call.__name__, call.__qualname__ = module, name, name
    return call


UNREAD = {path: _alias(path, None) for path in RECORDS}
READ = {path: _alias(path, target) for path, target in RECORDS.items()}

# What tensors are made of, for torch before 2.5; their storages torch knows by itself.
TENSORS = {
    'collections.OrderedDict': OrderedDict,
    'torch.Size': torch.Size,
    'torch.nn.parameter.Parameter': torch.nn.Parameter,
    'torch._utils._rebuild_parameter': torch._utils._rebuild_parameter,
    'torch._utils._rebuild_tensor': torch._utils._rebuild_tensor,
    'torch._utils._rebuild_tensor_v2': torch._utils._rebuild_tensor_v2,
}


def read_weights(source: str) -> dict[str, Any]:
    """Read a file of weights; MM's records in it become :class:`Unread`, which hold nothing.

    Args:
        source: Path or address, see :func:`glcnet_plugin.checkpoints.sources.local_file`.

    Returns:
        What the file holds: a checkpoint with ``state_dict`` and ``meta``, or a state dict.

    Raises:
        DataError: If the file is missing, could not be downloaded, is damaged, is no dict, unpacks
            to much more than its size, is nested too deeply, or holds more than weights. None of
            it is executed then.
    """
    return _read(source, UNREAD)


def read_checkpoint(source: str, map_location: Any = 'cpu', mmap: bool = False) -> dict[str, Any]:
    """Read a checkpoint with all that a training needs to go on.

    Objects of other types are refused, except those that the user has let pass with
    ``torch.serialization.add_safe_globals``.

    Args:
        source: As of :func:`read_weights`.
        map_location: Device of the tensors, as for ``torch.load``.
        mmap: Whether tensors are read from disk when they are needed.

    Returns:
        The checkpoint.

    Raises:
        DataError: As of :func:`read_weights`.
    """
    return _read(source, READ, map_location=map_location, mmap=mmap)


def _read(source: str, records: Mapping[str, Any], **options: Any) -> dict[str, Any]:
    """Read a file with an allow-list."""
    path = local_file(source)
    if not path.is_file():
        raise DataError(f'no such checkpoint: {path}')
    _check_size(path)
    try:
        content = _load(path, records, **{'map_location': 'cpu', **options})
    except Exception as error:  # random bytes make the readers raise anything
        raise DataError(f'{source} {_unreadable(error)}') from error
    if not isinstance(content, dict):
        raise DataError(f'{source} holds a {type(content).__name__}, not a dict of weights')
    _check_nesting(content, source)
    return content


def _load(path: Path, records: Mapping[str, Any], **options: Any) -> Any:
    """Read with the allow-list, by torch's own safe reader where it takes one."""
    file = str(path)  # older versions of torch map files given by a string only
    if not hasattr(torch.serialization, 'safe_globals'):
        kind = type('Reader', (_TensorsOnly,), {'records': records})
        reader = SimpleNamespace(
            __name__='tensors_only',
            Unpickler=kind,
            load=lambda stream, **settings: kind(stream, **settings).load(),
        )
        return torch.load(file, pickle_module=reader, weights_only=False, **options)
    others = torch.serialization.get_safe_globals()  # real NumPy would not take stand-ins
    allowed = list(records.values())
    if records is READ:
        allowed += [*DTYPES, *others]
    torch.serialization.clear_safe_globals()
    try:
        with torch.serialization.safe_globals(allowed):
            return torch.load(file, weights_only=True, **options)
    finally:
        torch.serialization.clear_safe_globals()
        torch.serialization.add_safe_globals(others)


class _TensorsOnly(pickle.Unpickler):
    """The same rule for torch before 2.5, whose own safe reader takes no further names."""

    records: Mapping[str, Any] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Return a constructor of tensors or a stand-in, or refuse."""
        path = f'{module}.{name}'
        if path not in TENSORS and path not in self.records:
            raise pickle.UnpicklingError(f'Unsupported global: GLOBAL {path} is not allowed')
        return TENSORS.get(path) or self.records[path]


def _check_size(path: Path) -> None:
    """Refuse an archive that would take far more memory than its size."""
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
    except (OSError, zipfile.BadZipFile):
        return  # another format, or damaged, as the reader will say
    if unpacked > MOST_UNPACKED * path.stat().st_size:
        raise DataError(
            f'{path} is refused: its {path.stat().st_size:,} bytes would unpack to {unpacked:,}, '
            'more than weights can be compressed. If you trust its author, unpack and zip it '
            'without compression'
        )


def _check_nesting(content: Any, source: str) -> None:
    """Refuse what would exhaust the stack or the time of those who walk through it."""
    level = [content]
    for _ in range(DEEPEST):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
        if len(level) > MOST_ITEMS:
            break
    raise DataError(
        f'{source} is refused: its content is nested more than {DEEPEST} levels deep, or has '
        f'more than {MOST_ITEMS:,} items on one; a checkpoint has about ten levels'
    )


def _children(item: Any) -> Any:
    """What a container holds."""
    if isinstance(item, dict):
        return item.values()
    return item if isinstance(item, list | tuple | set | frozenset) else ()


def _unreadable(error: Exception) -> str:
    """Say what is wrong with a file, and what to do."""
    if refused := re.search(r'GLOBAL (\S+)', str(error)):
        return (
            f'is refused: it holds {refused[1]}, which is not a part of weights and could run any '
            'code. If you trust its author, read it where it was made and save only the tensors'
            ": torch.save({'state_dict': model.state_dict()}, path)"
        )
    reason = 'it was not written by torch.save'
    if isinstance(error, RuntimeError | OSError):  # of the zip archive; the first sentence
        reason = str(error).splitlines()[0].split('. ')[0]
    return f'is no checkpoint, or a damaged one ({reason}): get or write it again'
