import errno
import os
from pathlib import Path

import pytest
import torch
from mmengine.fileio import get_file_backend
from mmengine.runner.checkpoint import save_checkpoint

from glcnet_plugin.apis.whole_files import WHOLE_FILES, is_whole, newest_checkpoint
from glcnet_plugin.errors import StorageError

BACKEND = {'backend': WHOLE_FILES}


def save(path, value=0.0, age=0):
    save_checkpoint({'x': torch.full((1000,), value)}, str(path), backend_args=BACKEND)
    os.utime(path, (1e9 - age, 1e9 - age))
    return str(path)


def cut(path):
    """Keep the first half of a file, and its date."""
    found = Path(path).stat()
    os.truncate(path, found.st_size // 2)
    os.utime(path, (found.st_mtime, found.st_mtime))


def test_mmengine_saves_through_the_backend(tmp_path):
    path = save(tmp_path / 'new/epoch_1.pth', 3.0)
    assert torch.load(path)['x'][0] == 3 and is_whole(path)
    assert [p.name for p in (tmp_path / 'new').iterdir()] == ['epoch_1.pth']


def test_a_full_disk_keeps_the_file_of_before(tmp_path, monkeypatch):
    path = save(tmp_path / 'epoch_1.pth', 1.0)

    def full(_descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr('glcnet_plugin.apis.whole_files.os.fsync', full)
    with pytest.raises(StorageError, match=r'epoch_1.pth \(0.1 MiB\).*No space left.*--resume'):
        get_file_backend(backend_args=BACKEND).put(b'x' * 10**5, path)
    assert torch.load(path)['x'][0] == 1
    assert [p.name for p in tmp_path.iterdir()] == ['epoch_1.pth']


def test_cut_off_and_changed_files_are_not_whole(tmp_path):
    path = Path(save(tmp_path / 'a.pth'))
    content = bytearray(path.read_bytes())
    content[content.index(bytes(400))] ^= 1  # a bit among the zeros of the tensor
    path.write_bytes(content)
    assert not is_whole(path)
    cut(save(tmp_path / 'b.pth'))
    assert not is_whole(tmp_path / 'b.pth') and not is_whole(tmp_path / 'none.pth')


def test_the_newest_whole_one_is_found(tmp_path):
    old, newer, newest = (save(tmp_path / f'epoch_{i}.pth', age=10 - i) for i in (1, 2, 3))
    assert newest_checkpoint(tmp_path) == (newest, [])
    (tmp_path / 'last_checkpoint').write_text(newer)
    assert newest_checkpoint(tmp_path) == (newer, [])
    cut(newer)
    assert newest_checkpoint(tmp_path) == (newest, [newer])
    cut(newest)
    assert newest_checkpoint(tmp_path) == (old, [newer, newest])
    cut(old)
    assert newest_checkpoint(tmp_path) == (None, [newer, newest, old])


def test_an_empty_note_and_an_empty_folder(tmp_path):
    (tmp_path / 'last_checkpoint').write_text('')
    assert newest_checkpoint(tmp_path) == (None, [])
    path = save(tmp_path / 'epoch_1.pth')
    assert newest_checkpoint(tmp_path) == (path, [])


def test_weights_alone_are_nothing_to_resume_from(tmp_path):
    path = save(tmp_path / 'iter_1.pth', age=5)
    save(tmp_path / 'best_mIoU_iter_2.pth')
    save(tmp_path / 'exported.pth')
    assert newest_checkpoint(tmp_path) == (path, [])
