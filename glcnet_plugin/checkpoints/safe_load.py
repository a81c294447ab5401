"""Read files of weights without executing anything they contain.

A checkpoint is a pickle, which may call any function while it is read. Here only the constructors
of tensors are called. The records that MM keeps beside the weights (the history of the losses, in
NumPy arrays) are read as :class:`Unread`, which hold nothing.
"""

import pickle
import re
from collections import OrderedDict
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlparse

import torch
from mmengine.dist import barrier, get_local_rank
from mmengine.runner.checkpoint import get_torchvision_models

from glcnet_plugin.errors import DataError

TORCHVISION = 'torchvision://'
# `name-0676ba61.pth`: how torch, MM and tools/export.py write the start of the SHA-256
DIGEST = re.compile(r'-([0-9a-f]{8,64})\.pth')


class Unread:
    """Stands for a part of a checkpoint that is not needed, and is therefore not rebuilt."""

    def __init__(self, *args: Any) -> None:
        """Take and forget the arguments."""

    def __setstate__(self, state: Any) -> None:
        """Forget the state."""


# What an ordinary checkpoint of mmengine 0.10 holds beside tensors. `getattr` is there because
# the history names its own methods; none of these is ever called, a stand-in is.
UNREAD = {
    f'{module}.{name}': type(name, (Unread,), {'__module__': module})
    for module, name in (
        ('mmengine.logging.history_buffer', 'HistoryBuffer'),
        ('builtins', 'getattr'),
        ('__builtin__', 'getattr'),  # its name in the pickles that torch writes
        ('_codecs', 'encode'),
        ('numpy', 'dtype'),
        ('numpy', 'ndarray'),
        ('numpy.core.multiarray', '_reconstruct'),
        ('numpy.core.multiarray', 'scalar'),
        ('numpy._core.multiarray', '_reconstruct'),
        ('numpy._core.multiarray', 'scalar'),
    )
}


# What tensors are made of, for torch before 2.5; their storages torch knows by itself.
TENSORS = {
    'collections.OrderedDict': OrderedDict,
    'torch.Size': torch.Size,
    'torch.nn.parameter.Parameter': torch.nn.Parameter,
    'torch._utils._rebuild_parameter': torch._utils._rebuild_parameter,
    'torch._utils._rebuild_tensor': torch._utils._rebuild_tensor,
    'torch._utils._rebuild_tensor_v2': torch._utils._rebuild_tensor_v2,
}


class _TensorsOnly(pickle.Unpickler):
    """The same rule for torch before 2.5, whose own safe reader takes no further names."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a constructor of tensors or a stand-in, or refuse."""
        path = f'{module}.{name}'
        if path not in TENSORS and path not in UNREAD:
            raise pickle.UnpicklingError(f'Unsupported global: GLOBAL {path} is not allowed')
        return TENSORS.get(path) or UNREAD[path]


def read_weights(source: str) -> dict[str, Any]:
    """Read a file of weights.

    Args:
        source: Path; ``https://`` address, kept in the cache of ``torch.hub`` and compared with
            the SHA-256 that its name gives; or ``torchvision://resnet50``.

    Returns:
        What the file holds: a checkpoint with ``state_dict`` and ``meta``, or a state dict.

    Raises:
        DataError: If the file is missing, could not be downloaded, is damaged, is no dict, or holds
            more than weights. None of it is executed then.
    """
    path = _local(source)
    if not path.is_file():
        raise DataError(f'there is no file of weights {path}')
    try:
        content = _load(path)
    except Exception as error:  # random bytes make the readers raise anything
        raise DataError(f'{source} {_unreadable(error)}') from error
    if not isinstance(content, dict):
        raise DataError(f'{source} holds a {type(content).__name__}, not a dict of weights')
    return content


def _load(path: Path) -> Any:
    """Read with the allow-list, by torch's own safe reader where it takes one."""
    if not hasattr(torch.serialization, 'safe_globals'):
        reader = SimpleNamespace(
            __name__='tensors_only',
            Unpickler=_TensorsOnly,
            load=lambda file, **options: _TensorsOnly(file, **options).load(),
        )
        return torch.load(path, map_location='cpu', pickle_module=reader, weights_only=False)
    others = torch.serialization.get_safe_globals()  # real NumPy would not take stand-ins
    torch.serialization.clear_safe_globals()
    try:
        with torch.serialization.safe_globals(list(UNREAD.values())):
            return torch.load(path, map_location='cpu', weights_only=True)
    finally:
        torch.serialization.add_safe_globals(others)


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


def _local(source: str) -> Path:
    """Path of a file, after a download where it is an address."""
    if source.startswith(TORCHVISION):
        addresses = get_torchvision_models()
        name = source.removeprefix(TORCHVISION)
        if name not in addresses:
            near = [known for known in addresses if known.startswith(name[:6])]
            raise DataError(f'torchvision has no weights {name!r}; near: {", ".join(near[:8])}')
        source = addresses[name]
    if source.startswith('https://'):
        return _download(source)
    if '://' in source:
        raise DataError(f'{source}: only https:// and {TORCHVISION} addresses are read')
    return Path(source).expanduser()


def _download(address: str) -> Path:
    """Fetch a file once per machine into the cache of ``torch.hub``."""
    path = Path(torch.hub.get_dir(), 'checkpoints', Path(urlparse(address).path).name)
    try:
        if get_local_rank() == 0 and not path.is_file():
            path.parent.mkdir(parents=True, exist_ok=True)
            digest = DIGEST.search(path.name)
            torch.hub.download_url_to_file(
                address, str(path), hash_prefix=digest[1] if digest else None, progress=False
            )
    except (OSError, RuntimeError) as error:
        raise DataError(
            f'{address} could not be downloaded ({error}): download it on a machine with network '
            f'access, and give its path, or put it at {path}'
        ) from error
    finally:
        barrier()  # the other processes of the machine read what this one wrote
    return path
