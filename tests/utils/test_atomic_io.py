import errno
import os

import pytest
import torch
from mmengine.fileio import get_file_backend
from mmengine.runner.checkpoint import save_checkpoint

from glcnet_plugin.checkpoints.latest import is_complete
from glcnet_plugin.errors import DataError, StorageError
from glcnet_plugin.utils.atomic_io import (
    ATOMIC_BACKEND,
    replacing,
    require_other_file,
    write_atomic,
)

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


def test_a_link_is_replaced_and_not_followed(tmp_path):
    (tmp_path / 'original').write_text('scene')
    (tmp_path / 'link').symlink_to(tmp_path / 'original')
    with replacing(tmp_path / 'link') as part:
        part.write_text('copy')
    assert (tmp_path / 'original').read_text() == 'scene'
    assert (tmp_path / 'link').read_text() == 'copy'


def test_what_fails_leaves_the_file_of_before(tmp_path):
    (tmp_path / 'a').write_text('old')
    with pytest.raises(KeyboardInterrupt), replacing(tmp_path / 'a') as part:
        part.write_text('half')
        raise KeyboardInterrupt
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [('a', 'old')]


def test_a_file_that_is_read_is_not_written(tmp_path):
    (tmp_path / 'a').write_text('x')
    (tmp_path / 'link').symlink_to(tmp_path / 'a')
    sources = ['/vsicurl/https://example.org/a.tif', tmp_path / 'gone', tmp_path / 'a']
    with pytest.raises(DataError, match='a is read, and .*link would be written over it'):
        require_other_file(tmp_path / 'link', sources)
    require_other_file(tmp_path / 'new', sources)
    require_other_file(tmp_path / 'a', sources[:2])
