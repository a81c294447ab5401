"""Lists of names in text files."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from glcnet_plugin.errors import DataError


def read_list(path: str | Path) -> list[str]:
    """Read a text file with one name or path per line.

    Line ends of any system, a byte-order mark, blank lines and blanks around names are all
    accepted; blanks inside a name belong to it.

    Args:
        path: The file.

    Returns:
        The entries in the order of the file.

    Raises:
        DataError: If the file cannot be read, is empty, or names something twice.
    """
    try:
        text = Path(path).read_text(encoding='utf-8-sig')
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f'cannot read the image list {path}: {error}') from error
    entries = [line.strip() for line in text.splitlines() if line.strip()]
    if not entries:
        raise DataError(f'the image list {path} is empty')
    require_once(entries, path)
    return entries


def require_once(names: Iterable[str], path: str | Path) -> None:
    """Raise DataError if a list names something twice, perhaps in two ways.

    Args:
        names: What the entries stand for.
        path: The list, to name it.
    """
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise DataError(f'the image list {path} names {twice[:3]} more than once')


def locate_list(path: str | Path, folder: str | Path) -> Path:
    """Find a list: as given, else in a folder, else beside that folder.

    Args:
        path: What the user gave.
        folder: Folder of the images, or of the data set.

    Returns:
        The path that exists.

    Raises:
        DataError: If none does; names the places.
    """
    options = [Path(path), Path(folder, path), Path(folder).parent / path]
    for option in options:
        if option.is_file():
            return option
    raise DataError(f'there is no list {", ".join(map(str, options))}')
