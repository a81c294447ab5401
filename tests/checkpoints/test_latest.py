import os
import shutil
from pathlib import Path

import torch
from mmengine.runner.checkpoint import save_checkpoint

from glcnet_plugin.checkpoints.latest import is_complete, latest_checkpoint
from glcnet_plugin.utils.atomic_io import ATOMIC_BACKEND

BACKEND = {'backend': ATOMIC_BACKEND}


def save(path, value=0.0, age=0, written=None):
    content = {'x': torch.full((1000,), value)}
    if written is not None:
        content['meta'] = {'unix_time': written}
    save_checkpoint(content, str(path), backend_args=BACKEND)
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
    assert latest_checkpoint(tmp_path) == (newest, [])
    cut(newer)
    assert latest_checkpoint(tmp_path) == (newest, [])
    cut(newest)
    assert latest_checkpoint(tmp_path) == (old, [newest, newer])
    cut(old)
    assert latest_checkpoint(tmp_path) == (None, [newest, newer, old])


def test_the_number_in_the_name_does_not_matter(tmp_path):
    """As of a training that was started again in a folder with longer ones."""
    save(tmp_path / 'epoch_100.pth', age=50)
    newest = save(tmp_path / 'epoch_3.pth', age=10)
    assert latest_checkpoint(tmp_path) == (newest, [])


def test_a_copied_folder_is_resumed_where_it_ends(tmp_path):
    """The dates of a copy are those of copying, and its note names the original."""
    original, copy = tmp_path / 'original', tmp_path / 'copy'
    original.mkdir()
    for epoch in (1, 2, 3):
        save(original / f'epoch_{epoch}.pth', written=1000.0 + epoch)
    (original / 'last_checkpoint').write_text(str(original / 'epoch_3.pth'))
    shutil.copytree(original, copy)
    for age, epoch in enumerate((2, 3, 1)):
        os.utime(copy / f'epoch_{epoch}.pth', (1e9 - age, 1e9 - age))
    save(original / 'epoch_4.pth', written=1004.0)
    assert latest_checkpoint(copy) == (str(copy / 'epoch_3.pth'), [])


def test_a_note_may_name_another_folder_or_name(tmp_path):
    """As with ``out_dir`` or ``filename_tmpl`` of the hook that writes."""
    (tmp_path / 'work').mkdir()
    elsewhere = save(tmp_path / 'step_8.pth', written=2.0)
    stopped = save(tmp_path / 'work/stopped.pth', written=1.0)
    (tmp_path / 'work/last_checkpoint').write_text(elsewhere)
    assert latest_checkpoint(tmp_path / 'work') == (elsewhere, [])
    own = save(tmp_path / 'work/step_9.pth', written=3.0)
    (tmp_path / 'work/last_checkpoint').write_text(own)
    assert latest_checkpoint(tmp_path / 'work') == (own, [])
    Path(own).unlink()
    assert latest_checkpoint(tmp_path / 'work') == (stopped, [own])


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
