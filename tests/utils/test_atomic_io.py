import errno
import os

import pytest
import torch
from mmengine.fileio import get_file_backend
from mmengine.runner.checkpoint import save_checkpoint

from glcnet_plugin.checkpoints.latest import is_complete
from glcnet_plugin.errors import StorageError
from glcnet_plugin.utils.atomic_io import ATOMIC_BACKEND, write_atomic

BACKEND = {'backend': ATOMIC_BACKEND}


def save(path, value=0.0):
    save_checkpoint({'x': torch.full((1000,), value)}, str(path), backend_args=BACKEND)
    return str(path)


def test_mmengine_saves_through_the_backend(tmp_path):
    path = save(tmp_path / 'new/epoch_1.pth', 3.0)
    assert torch.load(path)['x'][0] == 3 and is_complete(path)
    assert [p.name for p in (tmp_path / 'new').iterdir()] == ['epoch_1.pth']


def test_a_full_disk_keeps_the_file_of_before(tmp_path, monkeypatch):
    path = save(tmp_path / 'epoch_1.pth', 1.0)

    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr('glcnet_plugin.utils.atomic_io.os.fsync', full)
    with pytest.raises(StorageError, match=r'epoch_1.pth \(0.1 MiB\).*No space left.*is kept'):
        get_file_backend(backend_args=BACKEND).put(b'x' * 10**5, path)
    assert torch.load(path)['x'][0] == 1
    assert [p.name for p in tmp_path.iterdir()] == ['epoch_1.pth']


@pytest.mark.parametrize('content', ['a\r\nb', b'a\r\nb'])
def test_text_and_bytes_arrive_as_they_are(tmp_path, content):
    write_atomic(tmp_path / 'new/a.txt', content)
    assert (tmp_path / 'new/a.txt').read_bytes() == b'a\r\nb'
    assert [path.name for path in (tmp_path / 'new').iterdir()] == ['a.txt']
