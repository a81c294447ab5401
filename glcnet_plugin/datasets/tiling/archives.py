"""List and read files in folders and in zip archives, without unpacking the archives."""

import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import IO

from glcnet_plugin.datasets.io.lists import files_below
from glcnet_plugin.errors import DataError
from glcnet_plugin.utils.atomic_io import replacing, require_other_file

PREFIX = '/vsizip/{'


@dataclass(frozen=True)
class SourceFile:
    """A file in a folder or an archive."""

    location: str  # path below the source; archives count as folders
    address: str  # path, or address of GDAL: /vsizip/{archive}/member
    size: int

    @property
    def name(self) -> str:
        """File name."""
        return PurePosixPath(self.location).name


def list_files(source: Path) -> list[SourceFile]:
    """List the files in a folder or a zip, zips within and zips in those included.

    Reading from a zip in a zip works, but is slow if the inner one was compressed again.

    Args:
        source: Folder, or zip archive.

    Returns:
        The files by location; hidden ones and ``__MACOSX`` are left out.

    Raises:
        DataError: If the source does not exist, or a zip is damaged; names it.
    """
    if source.is_dir():
        paths = ((path, path.relative_to(source)) for path in files_below(source))
        files = [file for path, place in paths for file in _expand(path, place)]
    elif source.is_file() and source.suffix.lower() == '.zip':
        files = _expand(source, Path(source.name))
    else:
        raise DataError(f'{source} is neither a folder nor a zip archive')
    shown = [file for file in files if not _hidden(file.location)]
    return sorted(shown, key=lambda file: file.location)


def _hidden(location: str) -> bool:
    """Whether a file is one that systems add."""
    return any(part.startswith('.') or part == '__MACOSX' for part in location.split('/'))


def _expand(path: Path, location: Path) -> list[SourceFile]:
    """A file, or the members of a zip."""
    if path.suffix.lower() != '.zip' or path.name.startswith('.'):
        return [SourceFile(location.as_posix(), str(path), path.stat().st_size)]
    try:
        with path.open('rb') as file:
            return list(_members(file, location.as_posix(), str(path), nested=True))
    except (zipfile.BadZipFile, OSError) as error:
        raise DataError(f'cannot read the archive {path}: {error}; fetch it again') from error


def _members(file: IO[bytes], location: str, address: str, nested: bool) -> Iterator[SourceFile]:
    """Members of a zip, and of the zips in it."""
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            inside = SourceFile(
                f'{location}/{entry.filename}',
                f'{PREFIX}{address}}}/{entry.filename}',
                entry.file_size,
            )
            if nested and inside.name.lower().endswith('.zip') and not _hidden(inside.location):
                with archive.open(entry) as inner:
                    yield from _members(inner, inside.location, inside.address, nested=False)
            elif not entry.is_dir():
                yield inside


def choose(
    files: Sequence[SourceFile], pattern: str, where: Callable[[str], bool] = lambda location: True
) -> dict[str, str]:
    """Choose files by name.

    Args:
        files: See :func:`list_files`.
        pattern: Pattern of the file name, such as ``top_*_RGB.tif``.
        where: Whether a file at this location counts.

    Returns:
        Path or address of each file name, sorted. Of files with one name and size,
        such as an archive beside its unpacked folder, the first counts.

    Raises:
        DataError: If two files have one name and different sizes; names both.
    """
    chosen: dict[str, SourceFile] = {}
    for file in files:
        if fnmatchcase(file.name, pattern) and where(file.location):
            other = chosen.setdefault(file.name, file)
            if other.size != file.size:
                raise DataError(
                    f'{other.location} ({other.size} bytes) and {file.location} ({file.size} '
                    'bytes) have one name and are not the same: remove one'
                )
    return {name: chosen[name].address for name in sorted(chosen)}


def split_address(address: str) -> tuple[str, str]:
    """Split an address into the archive (itself a path or an address) and the member.

    The member is '' where the address is a plain path.
    """
    if not address.startswith(PREFIX):
        return address, ''
    archive, member = address[len(PREFIX) :].rsplit('}/', 1)
    return archive, member


@contextmanager
def opened_file(address: str) -> Iterator[IO[bytes]]:
    """Open a file or a member of an archive to read its bytes.

    Args:
        address: Path or address as :func:`list_files` gives it.

    Yields:
        The open file.
    """
    archive, member = split_address(address)
    if not member:
        with Path(address).open('rb') as file:
            yield file
    else:
        with (
            opened_file(archive) as outer,
            zipfile.ZipFile(outer) as content,
            content.open(member) as file,
        ):
            yield file


@contextmanager
def unpacked(address: str) -> Iterator[str]:
    """Path of a file; a member of an archive is unpacked for as long as it is needed.

    Args:
        address: Path or address as :func:`list_files` gives it.

    Yields:
        The path.

    Raises:
        DataError: If reading fails inside the block; names the address, not the copy.
    """
    if not split_address(address)[1]:
        yield address
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f'file{PurePosixPath(address).suffix}')
        copy_file(address, path)
        try:
            yield str(path)
        except DataError as error:
            raise DataError(str(error).replace(str(path), address)) from error


def copy_file(address: str, path: Path) -> None:
    """Copy a file or a member of an archive byte for byte.

    Args:
        address: Path or address as :func:`list_files` gives it.
        path: The copy; a link there is replaced.

    Raises:
        DataError: If reading or writing fails, or the copy would be the file itself.
    """
    require_other_file(path, [address])
    try:
        with (
            opened_file(address) as source,
            replacing(path) as part,
            part.open('wb') as target,
        ):
            shutil.copyfileobj(source, target)
    except (zipfile.BadZipFile, KeyError, RuntimeError, OSError) as error:
        raise DataError(f'cannot copy {address} to {path}: {error}') from error


def stamp(address: str) -> list[int]:
    """Size and time of a file, or of the archive it is in: tells whether it has changed."""
    archive, member = split_address(address)
    while member:
        archive, member = split_address(archive)
    try:
        status = Path(archive).stat()
    except OSError:
        return []  # an address elsewhere, or a file whose reading will tell what is wrong
    return [status.st_size, status.st_mtime_ns]
