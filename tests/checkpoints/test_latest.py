import os
from pathlib import Path

import torch
from mmengine.runner.checkpoint import save_checkpoint

from glcnet_plugin.checkpoints.latest import is_complete, latest_checkpoint
from glcnet_plugin.utils.atomic_io import ATOMIC_BACKEND

BACKEND = {'backend': ATOMIC_BACKEND}


def save(path, value=0.0, age=0):
    save_checkpoint({'x': torch.full((1000,), value)}, str(path), backend_args=BACKEND)
    os.utime(path, (1e9 - age, 1e9 - age))
    return str(path)


def cut(path):
    """Keep the first half of a file, and its date."""
    found = Path(path).stat()
    os.truncate(path, found.st_size // 2)
    os.utime(path, (found.st_mtime, found.st_mtime))


def test_cut_off_and_changed_files_are_not_whole(tmp_path):
    path = Path(save(tmp_path / 'a.pth'))
    content = bytearray(path.read_bytes())
    content[content.index(bytes(400))] ^= 1  # a bit among the zeros of the tensor
    path.write_bytes(content)
    assert not is_complete(path)
    cut(save(tmp_path / 'b.pth'))
    assert not is_complete(tmp_path / 'b.pth') and not is_complete(tmp_path / 'none.pth')


def test_the_newest_whole_one_is_found(tmp_path):
    old, newer, newest = (save(tmp_path / f'epoch_{i}.pth', age=10 - i) for i in (1, 2, 3))
    assert latest_checkpoint(tmp_path) == (newest, [])
    (tmp_path / 'last_checkpoint').write_text(newer)
    assert latest_checkpoint(tmp_path) == (newer, [])
    cut(newer)
    assert latest_checkpoint(tmp_path) == (newest, [newer])
    cut(newest)
    assert latest_checkpoint(tmp_path) == (old, [newer, newest])
    cut(old)
    assert latest_checkpoint(tmp_path) == (None, [newer, newest, old])


def test_an_empty_note_and_an_empty_folder(tmp_path):
    (tmp_path / 'last_checkpoint').write_text('')
    assert latest_checkpoint(tmp_path) == (None, [])
    path = save(tmp_path / 'epoch_1.pth')
    assert latest_checkpoint(tmp_path) == (path, [])


def test_weights_alone_are_nothing_to_resume_from(tmp_path):
    path = save(tmp_path / 'iter_1.pth', age=5)
    save(tmp_path / 'best_mIoU_iter_2.pth')
    save(tmp_path / 'exported.pth')
    assert latest_checkpoint(tmp_path) == (path, [])
