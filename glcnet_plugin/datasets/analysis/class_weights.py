"""Pixels of each class in label masks, and class weights made of them."""

import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.datasets.io.folder_format import (
    image_files,
    listed_names,
    mask_file,
    read_manifest,
)
from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.io.lists import locate_list
from glcnet_plugin.datasets.io.masks import read_stored_mask
from glcnet_plugin.errors import ConfigError, DataError
from glcnet_plugin.utils.parallel import parallel_map

METHODS = ('inverse_sqrt', 'inverse', 'median')


def mask_files(data_root: str | Path, names: Iterable[str]) -> list[Path]:
    """Masks of images of a labelled folder.

    Args:
        data_root: The folder, with a mask of each.
        names: Names of the images.

    Returns:
        The paths, in the order of the names.

    Raises:
        DataError: If one does not exist.
    """
    paths = [mask_file(data_root, name) for name in names]
    if missing := [path.name for path in paths if not path.is_file()]:
        raise DataError(f'{data_root}/masks lacks {len(missing)} masks, such as {missing[:3]}')
    return paths


def labelled_names(folder: Path, listing: Path | None) -> list[str]:
    """Names of the labelled images of a folder.

    Args:
        folder: Labelled folder.
        listing: List of names, as given or relative to the folder; None for the whole manifest,
            or all masks where there is no manifest.

    Returns:
        The names.

    Raises:
        DataError: If the list names an image without a mask, or there is no mask at all.
    """
    if listing is None and (folder / 'manifest.csv').exists():
        return [row['name'] for row in read_manifest(folder)]
    masks = image_files(folder / 'masks')
    if listing is not None:
        return listed_names(locate_list(listing, folder), masks, folder / 'masks')
    if not masks:
        raise DataError(f'there is no mask in {folder}/masks')
    return list(masks)


def count_classes(
    mask_paths: Sequence[Path],
    rule: LabelRule,
    workers: int | None = None,
) -> Iterator[NDArray[np.int64]]:
    """Count the pixels of each class in masks, on all cores, with progress.

    Args:
        mask_paths: Files with class ids.
        rule: Which values they may hold, see :func:`label_rule`.
        workers: See :func:`parallel_map`.

    Returns:
        Yields (num_classes,) pixels per file, in the order of the paths.

    Raises:
        DataError: If a mask is unreadable, or has a label that is no class.
    """
    count = partial(_count, rule=rule)
    return parallel_map(count, mask_paths, len(mask_paths), 'counting classes', workers)


def _count(path: Path, rule: LabelRule) -> NDArray[np.int64]:
    """Count one mask."""
    mask = rule.file_ids(read_stored_mask(path), path)
    rule.check(mask, path)
    return rule.count(mask)


def class_weights(
    counts: NDArray[Any], method: str = 'inverse_sqrt', cap: float = 10.0
) -> list[float]:
    """Weights that let rare classes count more in a loss.

    With the share p of a class among all labelled pixels, the weight is proportional to
    1 / sqrt(p) (``inverse_sqrt``) or 1 / p (``inverse``). ``median`` is median frequency
    balancing: 1 / f, where f is the share of the class among the labelled pixels of only those
    tiles that hold it (of one row of counts, the same as ``inverse``).

    The weights are scaled so that the sum of p times weight is 1: a loss that is the same
    everywhere keeps its size. Then every weight above ``cap`` times the smallest is lowered to
    that; the others stay, so that the sum is at most 1.

    A class without pixels gets the largest weight admitted, ``cap`` times the smallest, which
    is where a class goes that gets rarer and rarer. It has no effect on these labels; 0 would
    silently ignore the class where the weights meet other labels.

    Args:
        counts: (classes,) or (tiles, classes) pixels.
        method: ``'inverse_sqrt'``, ``'inverse'`` or ``'median'``.
        cap: Ratio of the largest to the smallest weight at most.

    Returns:
        A weight per class.

    Raises:
        ConfigError: If the method is unknown, or the cap not a number from 1.
        DataError: If there is no labelled pixel.
    """
    if method not in METHODS:
        raise ConfigError(f'method {method!r} is unknown: choose from {METHODS}')
    if not 1 <= cap < np.inf:
        raise ConfigError(f'cap {cap} must be a number from 1, such as 10')
    counts = np.atleast_2d(np.asarray(counts, np.float64))
    pixels = counts.sum(axis=0)
    if not pixels.any():
        raise DataError('no pixel is labelled: there is nothing to weigh the classes by')
    there = pixels > 0
    shares = pixels[there] / pixels.sum()
    if method == 'median':
        around = (counts.sum(axis=1)[:, None] * (counts > 0)).sum(axis=0)
        raw = around[there] / pixels[there]
    else:
        raw = shares ** (-0.5 if method == 'inverse_sqrt' else -1.0)
    raw /= (shares * raw).sum()
    most = cap * raw.min()
    weights = np.full(len(pixels), most)
    weights[there] = np.minimum(raw, most)
    if not there.all():
        absent = np.flatnonzero(~there).tolist()
        warnings.warn(
            f'classes {absent} have no labelled pixel and get the largest weight admitted, '
            f'{most:.4g}: label tiles that show them, or take a larger list',
            stacklevel=2,
        )
    return [float(weight) for weight in weights]
