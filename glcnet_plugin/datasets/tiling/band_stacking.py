"""Stack bands that lie in multiple folders into one GeoTIFF per image."""

import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from glcnet_plugin.datasets.io.images import IMAGE_SUFFIXES, image_info, read_masked
from glcnet_plugin.datasets.io.lists import require_own_names
from glcnet_plugin.datasets.io.rasters import not_finite
from glcnet_plugin.datasets.io.side_files import files_of
from glcnet_plugin.datasets.tiling.folder_writer import encode_tiff
from glcnet_plugin.datasets.tiling.scene_rows import placement
from glcnet_plugin.errors import DataError
from glcnet_plugin.utils.atomic_io import replacing, require_other_file, write_atomic
from glcnet_plugin.utils.parallel import parallel_map


def band_files(source: Path, folder: str) -> dict[str, Path]:
    """List the files of one folder or pattern.

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
    paths = [path for path in source.glob(pattern) if path.suffix.lower() in IMAGE_SUFFIXES]
    if not paths:
        raise DataError(f'{source} holds no image {pattern}')
    places = [path.relative_to(source).as_posix() for path in paths]
    names = [place[len(before) : -len(after)] if after else Path(place).stem for place in places]
    return require_own_names(zip(names, paths, strict=True))


def partners(source: Path, folders: Sequence[str]) -> dict[str, list[Path]]:
    """List the files that belong together.

    Args:
        source: Folder above.
        folders: See :func:`band_files`, in the order of the bands.

    Returns:
        Files of each name.

    Raises:
        DataError: If a file lacks a partner; names some.
    """
    by_folder = {folder: band_files(source, folder) for folder in folders}
    every = sorted({name for files in by_folder.values() for name in files})
    for folder, files in by_folder.items():
        if lacking := [name for name in every if name not in files]:
            has = next(other[lacking[0]] for other in by_folder.values() if lacking[0] in other)
            raise DataError(
                f'{has} and {len(lacking) - 1} more have no partner in {source}/{folder}: add them '
                'there, or remove these'
            )
    return {name: [files[name] for files in by_folder.values()] for name in every}


def stack(paths: Sequence[Path], names: Sequence[str]) -> tuple[np.ndarray[Any, Any], Any]:
    """Read files and put their bands in a row.

    A TIFF has one mask for all bands: what one of the files masks out is masked out in all.

    Args:
        paths: Files of one image.
        names: Names of all bands.

    Returns:
        (H, W, bands), and the place and mask of the image as ``write_image`` takes them.

    Raises:
        DataError: If the files differ in size, type, place or nodata, or the number of names is
            wrong; names the files.
    """
    images, first, gaps = [], None, None
    loose: dict[str, Any] = {}
    for path in paths:
        (image, missing), place = read_masked(path), placement(str(path))
        place.pop('band_names', None)
        if 'crs' not in place and 'transform' in place:  # no two files need say the same then
            loose = loose or {'transform': place.pop('transform')}
            place.pop('transform', None)
        facts = {'size': image.shape[:2], 'type': str(image.dtype), **place}
        first = first or facts
        if wrong := [key for key in {**first, **facts} if _differ(first.get(key), facts.get(key))]:
            raise DataError(
                f'{paths[0]} and {path} differ in {wrong[0]}: {first.get(wrong[0])} and '
                f'{facts.get(wrong[0])}; resample or convert one of them'
            )
        images.append(image)
        if missing is not None and 'nodata' not in place:  # else the values say it, as NaN does
            nan = not_finite(image)
            masked = (missing if nan is None else missing & ~nan).any(-1)
            gaps = masked if gaps is None else gaps | masked
    bands = sum(image.shape[2] for image in images)
    if bands != len(names):
        raise DataError(
            f'{", ".join(map(str, paths))} hold {bands} bands, but {len(names)} names are given: '
            f'{" ".join(names)}'
        )
    if gaps is not None and gaps.any():
        place['missing'] = gaps
    return np.concatenate(images, axis=2), {**place, **loose}


def _differ(one: Any, other: Any) -> bool:
    """Whether two values differ; NaN does not differ from NaN."""
    return bool(one != other) and not (one != one and other != other)


def stack_image(item: tuple[str, list[Path]], names: Sequence[str], out: Path) -> bool:
    """Stack one image, unless it is there and newer than its parts and the files beside them.

    Args:
        item: Name and files.
        names: Names of the bands.
        out: Folder to write.

    Returns:
        Whether it was written.

    Raises:
        DataError: See :func:`stack`; or if the image is there with other bands, or is one of the
            files.
    """
    name, paths = item
    target = out / 'images' / f'{name}.tif'
    require_other_file(target, paths)
    parts = [Path(file) for path in paths for file in files_of(path)]
    newest = max(part.stat().st_mtime for part in parts if part.exists())
    if target.is_file() and target.stat().st_mtime >= newest:
        present = image_info(target).band_names
        if list(present) != list(names):
            raise DataError(
                f'{target} is there with the bands {list(present)}, now {list(names)} are wanted: '
                'use another folder, or remove this one'
            )
        return False
    image, place = stack(paths, names)
    write_atomic(target, encode_tiff(image, names, **place))
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
    job = partial(stack_image, names=names, out=out)
    written = sum(parallel_map(job, items.items(), len(items), 'stacking bands', workers))
    for folder in ('masks', 'splits'):
        if (source / folder).is_dir():
            shutil.copytree(source / folder, out / folder, copy_function=_copy, dirs_exist_ok=True)
    for pattern in ('LICEN[CS]E*', 'classes.json', 'manifest.csv'):
        for path in source.glob(pattern):
            _copy(path, out / path.name)
    return len(items), written


def _copy(source: str | Path, target: str | Path) -> None:
    """Copy a file; a link in its place is replaced."""
    target = Path(target)
    require_other_file(target, [source])
    with replacing(target) as part:
        shutil.copyfile(source, part)
