"""Stack bands that lie in several folders into one GeoTIFF per image, with the bands named.

Files of one name belong together: images/a.jpg and nir/a.jpg become images/a.tif. A file pattern
with one '*' takes what stands for the '*' as the name, as one file per band needs it. Masks,
classes.json, manifest.csv, splits and licence are copied. A run that was stopped goes on where
it was.

Example:
    python tools/dataset_tools/stack_bands.py data/s2 data/s2_rgbn --folders images nir \
        --names R G B NIR
    python tools/dataset_tools/stack_bands.py S2.SAFE/R10m data/s2 --folders '*_B04_10m.jp2' \
        '*_B08_10m.jp2' --names R NIR
"""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from glcnet_plugin.datasets.io.images import IMAGE_SUFFIXES, image_info, read_image
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.datasets.tiling.scene_rows import placement
from glcnet_plugin.errors import DataError
from glcnet_plugin.utils.cli import run_tool, tool_parser
from glcnet_plugin.utils.parallel import parallel_map

PART = '.part'  # folder in the output for files that are being written


def band_files(source: Path, folder: str) -> dict[str, Path]:
    """Find the files of one folder or pattern.

    Args:
        source: Folder above.
        folder: Folder below it, or a pattern of files with one ``*``.

    Returns:
        File of each name.

    Raises:
        DataError: If there are none, or two of one name.
    """
    pattern = (Path(folder) if '*' in folder else Path(folder, '*')).as_posix()
    before, _, after = pattern.partition('*')
    if '*' in after:
        raise DataError(f'the pattern {folder!r} has more than one "*": which one is the name?')
    found: dict[str, Path] = {}
    for path in sorted(source.glob(pattern)):
        if path.suffix.lower() not in IMAGE_SUFFIXES:
            continue
        relative = path.relative_to(source).as_posix()
        name = relative[len(before) : -len(after)] if after else path.stem
        if name in found:
            raise DataError(f'{found[name]} and {path} have one name: remove one')
        found[name] = path
    if not found:
        raise DataError(f'{source} holds no image {pattern}')
    return found


def partners(source: Path, folders: Sequence[str]) -> dict[str, list[Path]]:
    """Find what belongs together.

    Args:
        source: Folder above.
        folders: See :func:`band_files`, in the order of the bands.

    Returns:
        Files of each name.

    Raises:
        DataError: If a file lacks a partner; names some.
    """
    found = {folder: band_files(source, folder) for folder in folders}
    every = sorted({name for files in found.values() for name in files})
    for folder, files in found.items():
        if lacking := [name for name in every if name not in files]:
            has = next(other[lacking[0]] for other in found.values() if lacking[0] in other)
            raise DataError(
                f'{has} and {len(lacking) - 1} more have no partner in {source}/{folder}: add them '
                'there, or remove these'
            )
    return {name: [files[name] for files in found.values()] for name in every}


def stack(paths: Sequence[Path], names: Sequence[str]) -> tuple[np.ndarray[Any, Any], Any]:
    """Read files and put their bands in a row.

    Args:
        paths: Files of one image.
        names: Names of all bands.

    Returns:
        (H, W, bands), and the place of the image as ``write_image`` takes it.

    Raises:
        DataError: If the files differ in size, type, place or nodata, or the number of names is
            wrong; names the files.
    """
    images, first = [], None
    for path in paths:
        image, place = read_image(path), placement(str(path))
        place.pop('band_names', None)
        facts = {'size': image.shape[:2], 'type': str(image.dtype), **place}
        first = first or facts
        if wrong := [key for key in {**first, **facts} if first.get(key) != facts.get(key)]:
            raise DataError(
                f'{paths[0]} and {path} differ in {wrong[0]}: {first.get(wrong[0])} and '
                f'{facts.get(wrong[0])}; resample or convert one of them'
            )
        images.append(image)
    bands = sum(image.shape[2] for image in images)
    if bands != len(names):
        raise DataError(
            f'{", ".join(map(str, paths))} hold {bands} bands, but {len(names)} names are given: '
            f'{" ".join(names)}'
        )
    return np.concatenate(images, axis=2), place


def stack_image(item: tuple[str, list[Path]], names: Sequence[str], out: Path) -> bool:
    """Stack one image, unless it is there and newer than its parts.

    Args:
        item: Name and files.
        names: Names of the bands.
        out: Folder to write.

    Returns:
        Whether it was written.

    Raises:
        DataError: See :func:`stack`; or if the image is there with other bands.
    """
    name, paths = item
    target = out / 'images' / f'{name}.tif'
    if target.is_file() and target.stat().st_mtime >= max(p.stat().st_mtime for p in paths):
        present = image_info(target).band_names
        if list(present) != list(names):
            raise DataError(
                f'{target} is there with the bands {list(present)}, now {list(names)} are wanted: '
                'use another folder, or remove this one'
            )
        return False
    image, place = stack(paths, names)
    write_image(out / PART / name, image, names, **place).replace(target)
    return True


def stack_folder(
    source: Path,
    out: Path,
    folders: Sequence[str],
    names: Sequence[str],
    workers: int | None = None,
) -> tuple[int, int]:
    """Stack all images of a folder.

    Args:
        source: Folder above the folders with bands.
        out: Folder to write.
        folders: See :func:`band_files`, in the order of the bands.
        names: Names of the bands.
        workers: See :func:`parallel_map`.

    Returns:
        The number of images, and how many of them were written now.

    Raises:
        DataError: See :func:`partners`, :func:`stack_image`.
    """
    items = partners(source, folders)
    if out.resolve() == source.resolve():
        raise DataError(f'{out} is the source: give another folder to write')
    for folder in ('images', PART):
        (out / folder).mkdir(parents=True, exist_ok=True)
    job = partial(stack_image, names=names, out=out)
    written = sum(parallel_map(job, items.items(), len(items), 'stacking bands', workers))
    for folder in ('masks', 'splits'):
        if (source / folder).is_dir():
            shutil.copytree(source / folder, out / folder, dirs_exist_ok=True)
    for pattern in ('LICEN[CS]E*', 'classes.json', 'manifest.csv'):
        for path in source.glob(pattern):
            shutil.copyfile(path, out / path.name)
    shutil.rmtree(out / PART)
    return len(items), written


def main() -> None:
    """Parse the command line and stack."""
    parser = tool_parser(__doc__, 'folder above the folders with bands')
    parser.add_argument('--folders', nargs='+', required=True, help='folders or file patterns')
    parser.add_argument('--names', nargs='+', required=True, help='names of the bands, in order')
    args = parser.parse_args()
    count, written = stack_folder(**vars(args))
    print(f'{count} images of {len(args.names)} bands in {args.out}, {written} of them written now')


if __name__ == '__main__':
    run_tool(main)
