"""Lists of images: all of a folder, or those that a text file names."""

import logging
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mmengine.logging import print_log

from glcnet_plugin.datasets.io.images import IMAGE_SUFFIXES
from glcnet_plugin.datasets.io.products import products_among
from glcnet_plugin.datasets.io.rasters import is_virtual
from glcnet_plugin.errors import DataError

NO_UTF8 = 'it is not UTF-8 text: save it as UTF-8 (in Excel: "CSV UTF-8")'


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
    except FileNotFoundError as error:
        text = f'cannot read the image list {path}: no such file; {_lists_beside(path)}'
        raise DataError(text) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = NO_UTF8 if isinstance(error, UnicodeDecodeError) else error
        raise DataError(f'cannot read the image list {path}: {reason}') from error
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


def require_own_names(files: Iterable[tuple[str, Path]]) -> dict[str, Path]:
    """Files by their names.

    Args:
        files: Name and path of each.

    Returns:
        Path of each name, in the order of the paths.

    Raises:
        DataError: If two files have one name.
    """
    by_name = files_by_name(files)
    for first, *others in by_name.values():
        if others:
            raise DataError(f'{first} and {others[0]} have one name: remove one')
    return {name: paths[0] for name, paths in by_name.items()}


def files_by_name(files: Iterable[tuple[str, Path]]) -> dict[str, list[Path]]:
    """All paths of each name, in the order of the paths."""
    by_name: dict[str, list[Path]] = {}
    for name, path in sorted(files, key=lambda item: item[1]):
        by_name.setdefault(name, []).append(path)
    return by_name


def existing_file(stem: Path, suffixes: Iterable[str]) -> Path | None:
    """File of a stem with the first suffix that exists: .tif, .TIF or .Tif."""
    for suffix in suffixes:
        for case in dict.fromkeys((suffix.lower(), suffix.upper(), suffix.title())):
            if (path := Path(f'{stem}{case}')).is_file():
                return path
    return None


def locate_list(path: str | Path, folder: str | Path) -> Path:
    """Find a list: as given, else in a folder, else beside that folder.

    Args:
        path: What the user gave.
        folder: Folder of the images, or of the dataset.

    Returns:
        The path that exists.

    Raises:
        DataError: If none does; names the places.
    """
    options = [Path(path), Path(folder, path), Path(folder).parent / path]
    for option in options:
        if option.is_file():
            return option
    raise DataError(f'there is no list {", ".join(map(str, options))}; {_lists_beside(*options)}')


def _lists_beside(*paths: str | Path) -> str:
    """Name the lists that exist where one was looked for, and the remedy."""
    lists = {other for path in paths for other in Path(path).parent.glob('*.txt')}
    there = ', '.join(str(other) for other in sorted(lists)) or 'none'
    return f'lists there: {there}; choose one of them, or make one with make_split'


def list_images(
    folder: str | Path, listing: str | Path = '', suffixes: Sequence[str] = IMAGE_SUFFIXES
) -> list[str]:
    """List images.

    Args:
        folder: Folder with images, searched with all its subfolders.
        listing: Text file with one image per line: relative to the folder (with or without
            suffix), absolute, or a ``/vsi`` address. Empty for the whole folder, without
            what the tools of this package have written there.
        suffixes: Endings of image files, upper or lower case.

    Returns:
        Paths and addresses; sorted for a folder, in the order of the file for a list.

    Raises:
        DataError: If the folder or list is missing or empty, or the list names an image that
            does not exist, or one twice.
    """
    root = Path(folder)
    if not root.is_dir():
        raise DataError(f'data_root {root} is not a folder: set it (tools/train.py: --data-root)')
    if not listing:
        paths = images_below(root, suffixes)
        if products := sorted(products_among(paths)):
            print_log(
                f'{root}: {len(products)} maps, masks or pictures of these tools are no data and '
                f'left out, such as {products[0]}',
                logger='current', level=logging.WARNING,
            )  # fmt: skip
        if images := [str(path) for path in paths if path not in set(products)]:
            return images
        raise DataError(f'no image below {root} ends with {", ".join(suffixes)}')
    # whether an address exists shows when it is opened; a Path would change it
    listed = [
        entry if is_virtual(entry) else _resolve(root, entry, suffixes, listing)
        for entry in read_list(listing)
    ]
    require_once(listed, listing)
    return listed


def images_below(root: Path, suffixes: Sequence[str] = IMAGE_SUFFIXES) -> list[Path]:
    """All images in a folder and its subfolders, sorted."""
    endings = tuple(suffix.lower() for suffix in suffixes)
    return sorted(path for path in files_below(root) if path.suffix.lower() in endings)


def files_below(root: Path) -> Iterator[Path]:
    """All files in a folder and its subfolders.

    Links to folders are followed, as large data are often linked; a folder that is reached in two
    ways, such as by a link to a folder above it, is entered once.

    Args:
        root: The folder.

    Yields:
        The paths, by folder.
    """
    entered = set()
    for base, folders, names in os.walk(root, followlinks=True):
        status = Path(base).stat()
        if (place := (status.st_dev, status.st_ino)) in entered:
            folders.clear()
            continue
        entered.add(place)
        folders.sort(key=lambda name: (Path(base, name).is_symlink(), name))
        yield from (Path(base, name) for name in names)


def _resolve(root: Path, entry: str, suffixes: Sequence[str], listing: str | Path) -> str:
    """Path of a listed image: with the suffix that exists, and slashes for backslashes."""
    for text in dict.fromkeys((entry, entry.replace('\\', '/'))):
        if path := existing_file(root / text, ('', *suffixes)):
            return str(path)
    raise DataError(f'{listing} names {root / entry}, which does not exist')
