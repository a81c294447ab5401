"""Files that appear under their name only when they are complete."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mmengine.fileio import LocalBackend, register_backend

from glcnet_plugin.errors import DataError, StorageError

# Name of the backend in configs: CheckpointHook(backend_args=dict(backend=ATOMIC_BACKEND)).
ATOMIC_BACKEND = 'glcnet_plugin.atomic'


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write a file beside its place, then rename it.

    A link of that name is replaced: what it leads to is never written.

    Args:
        path: The file; its folder must be there.

    Yields:
        Path to write; it gets the name of the file when the block ends without an error.
    """
    part = path.with_name(f'{path.name}.{os.getpid()}.part')
    try:
        yield part
        part.replace(path)
    finally:
        with suppress(OSError):  # the folder may be the reason
            part.unlink(missing_ok=True)


def require_other_file(path: Path, sources: Iterable[str | Path]) -> None:
    """Raise DataError if a file to write is one that is read, perhaps by a link.

    Args:
        path: The file to write; need not exist.
        sources: Files or addresses that are read.
    """
    if not path.exists():
        return
    for source in sources:
        with suppress(OSError):  # an address, or a file whose reading will tell what is wrong
            if path.samefile(source):
                raise DataError(
                    f'{source} is read, and {path} would be written over it: give another folder '
                    'to write'
                )


def write_atomic(path: str | Path, content: str | bytes) -> None:
    """Write a file beside its place, then rename it.

    A process that is killed while it writes, or a disk that fills up, leaves the file of that
    name as it was. Several processes may write the same file; the last one wins.

    Args:
        path: The file; its folder is made where missing.
        content: What it will hold; text is encoded as UTF-8, line ends stay as they are.

    Raises:
        StorageError: If it cannot be written.
    """
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as part, part.open('wb') as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # the name must not become valid before the content
    except OSError as error:
        raise StorageError(
            f'{path} ({len(data) / 2**20:.1f} MiB) could not be written: '
            f'{error.strerror or error}. Make room or choose another folder; what was there '
            'before is kept'
        ) from error


@register_backend(ATOMIC_BACKEND, force=True)
class AtomicBackend(LocalBackend):
    """mmengine's local file backend, writing with :func:`write_atomic`.

    mmengine's own backend overwrites a file in place.
    """

    def put(self, obj: bytes, filepath: str | Path) -> None:
        """Write a file; see :func:`write_atomic`."""
        write_atomic(filepath, obj)
