"""Digests of files, of folders, and of the pixels of images."""

import hashlib
import json
import os
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from glcnet_plugin.datasets.io.images import read_image
from glcnet_plugin.datasets.io.lists import files_below
from glcnet_plugin.errors import DataError
from glcnet_plugin.utils.atomic_io import write_atomic

CACHE = 'digests.json'  # in the folder of a study
LENGTH = 16  # bytes


class Digests:
    """Digests that are remembered in a file, as long as the times and the size of a file stay.

    Args:
        path: The file; None to remember nothing after the process.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.changed = False
        self.known: dict[str, list[Any]] = {}
        if path is not None and path.is_file():
            self.known = json.loads(path.read_text(encoding='utf-8'))

    def of_file(self, path: Path) -> str:
        """Digest of the bytes of a file."""
        return str(self._remembered('file', path, file_digest))

    def of_pixels(self, path: Path) -> str | None:
        """Digest of size and values of an image.

        None for an image that cannot be read, and for one of a single value: empty images are
        alike without showing the same ground.
        """
        return self._remembered('pixels', path, pixel_digest)

    def of_folder(self, folder: str, parts: Sequence[str] = ('',)) -> str:
        """Digest of the names and bytes of all files of a folder, or of parts of it.

        Links are followed; parts that are missing have no files.
        """
        places = [Path(folder, part) for part in parts]
        found = [[place] if place.is_file() else files_below(place) for place in places]
        paths = sorted(chain.from_iterable(found))
        files = [[os.path.relpath(path, folder), self.of_file(path)] for path in paths]
        self.save()
        return value_digest(files)

    def save(self) -> None:
        """Write what is new."""
        if self.changed and self.path is not None:
            write_atomic(self.path, json.dumps(self.known))
        self.changed = False

    def _remembered(
        self, kind: str, path: Path, compute: Callable[[Path], str | None]
    ) -> str | None:
        """The digest of a kind, computed where the file is new or changed."""
        key = f'{kind} {path.absolute()}'
        status = path.stat()
        state = [status.st_mtime_ns, status.st_ctime_ns, status.st_size]
        if self.known.get(key, [None])[0] != state:
            self.known[key] = [state, compute(path)]
            self.changed = True
        digest: str | None = self.known[key][1]
        return digest


def file_digest(path: str | Path) -> str:
    """Digest of the bytes of a file."""
    with Path(path).open('rb') as file:
        return hashlib.file_digest(file, 'sha256').hexdigest()[: 2 * LENGTH]


def pixel_digest(path: Path) -> str | None:
    """See :meth:`Digests.of_pixels`."""
    try:
        image = read_image(path)
    except DataError:
        return None
    if image.min() == image.max():
        return None
    content = str((image.shape, str(image.dtype))).encode() + image.tobytes()
    return hashlib.sha256(content).hexdigest()[: 2 * LENGTH]


def value_digest(value: Any) -> str:
    """Short digest of a value that JSON holds."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:LENGTH]
