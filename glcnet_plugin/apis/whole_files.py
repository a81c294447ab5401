"""Checkpoints that are either whole or not there, and finding the newest whole one."""

import os
import zipfile
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from glcnet_plugin.errors import StorageError

# Name of the backend in configs: CheckpointHook(backend_args=dict(backend=WHOLE_FILES)).
WHOLE_FILES = 'glcnet_plugin.whole_files'

STATES = ('epoch_*.pth', 'iter_*.pth', 'stopped.pth')  # from which a training can go on


@register_backend(WHOLE_FILES, force=True)
class WholeFileBackend(LocalBackend):
    """Writes a file beside its place and renames it when it is complete.

    A process that is killed while it writes, or a disk that fills up, leaves the file of that
    name as it was. mmengine's own backend overwrites it in place.
    """

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write a file.

        Args:
            obj: The content.
            filepath: Path of the file; its folder is made where missing.

        Raises:
            StorageError: If it cannot be written.
        """
        path = Path(filepath)
        part = path.with_name(f'{path.name}.part')
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open('wb') as file:
                file.write(obj)
                file.flush()
                os.fsync(file.fileno())  # the name must not become valid before the content
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise StorageError(
                f'{path} ({len(obj) / 2**20:.1f} MiB) could not be written: '
                f'{error.strerror or error}. Checkpoints from before are kept: make room, then '
                'go on with --resume'
            ) from error


def is_whole(path: str | Path) -> bool:
    """Whether a file of ``torch.save`` is there from its first byte to its last, undamaged."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.testzip() is None
    except (OSError, zipfile.BadZipFile, EOFError):
        return False


def newest_checkpoint(folder: str | Path) -> tuple[str | None, list[str]]:
    """The checkpoint to resume from.

    Args:
        folder: Folder of checkpoints. The one that ``last_checkpoint`` in it names comes first,
            then those written in training (not ``best_*.pth``, which holds weights alone), newest
            first.

    Returns:
        The first that is whole, None if none is; and those before it, which are damaged or gone.
    """
    folder = Path(folder)
    note = folder / 'last_checkpoint'
    named = [note.read_text().strip()] if note.is_file() else []
    states = (path for pattern in STATES for path in folder.glob(pattern))
    found = sorted(states, key=lambda p: p.stat().st_mtime_ns, reverse=True)
    damaged: list[str] = []
    for path in dict.fromkeys([*filter(None, named), *map(str, found)]):
        if is_whole(path):
            return path, damaged
        damaged.append(path)
    return None, damaged
