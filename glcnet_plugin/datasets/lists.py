"""Lists of names in text files."""

from collections import Counter
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
    if twice := [entry for entry, count in Counter(entries).items() if count > 1]:
        raise DataError(f'the image list {path} names {twice[:3]} more than once')
    return entries
