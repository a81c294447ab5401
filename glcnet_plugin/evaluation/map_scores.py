"""Score maps against label rasters or polygons, in memory that does not grow with them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.datasets.io.blocks import blocks
from glcnet_plugin.datasets.io.images import ImageInfo, image_info, read_masked
from glcnet_plugin.datasets.io.masks import IGNORE
from glcnet_plugin.datasets.io.rasters import Window
from glcnet_plugin.errors import DataError
from glcnet_plugin.evaluation.confusion import Counts, confusion_matrix
from glcnet_plugin.evaluation.map_truth import Labels, tagged_classes, truth_of


@dataclass
class MapScore:
    """Pixels of maps by class.

    Args:
        classes: Names of the classes.
        hist: (n, n) confusion matrix, rows truth, columns map.
        eroded: Labelled pixels near a boundary, which do not count.
        unpredicted: Labelled pixels on which a map has no data, which do not count.
        notes: What the labels left out.
    """

    classes: list[str]
    hist: Counts
    eroded: int = 0
    unpredicted: int = 0
    notes: list[str] = field(default_factory=list)


def score_maps(
    maps: Sequence[str | Path],
    labels: str | Path,
    classes: Sequence[str] | None = None,
    erode: int = 0,
    point_radius: float = 0.0,
    **vector: Any,
) -> MapScore:
    """Compare maps with labels, each on the grid of the map.

    Args:
        maps: Rasters of class ids.
        labels: Raster of class ids, warped to the nearest pixel where its grid is another; or
            polygons and points, burnt as for training.
        classes: Names of the classes; None for those in the tags of the maps.
        erode: Radius of the disc in pixels in which a boundary of labels is ignored.
        point_radius: See :class:`Burner`.
        vector: Further arguments of :func:`read_labels`.

    Returns:
        The confusion matrix of all maps.

    Raises:
        DataError: If a file cannot be read, the classes are not known or differ, or no labelled
            pixel lies on a map.
    """
    infos = {str(path): image_info(path, 'indices') for path in maps}
    names = list(classes) if classes else _common_classes(list(infos))
    source = Labels(str(labels), names, point_radius, vector)
    result = MapScore(names, np.zeros((len(names),) * 2, np.int64), notes=source.notes)
    for path, info in infos.items():
        with truth_of(source, path) as truth:
            for window in blocks(info):
                _count(result, _ids(path, info, window), truth, window, info, erode)
    if not result.hist.any():
        raise DataError(
            f'no pixel of {next(iter(infos))} with a class has a label of {labels}: give labels of '
            'the same ground, or the CRS of the labels (--crs)'
            + (f'; {result.eroded} labelled pixels are eroded' if result.eroded else '')
        )
    return result


def _count(
    result: MapScore, ids: NDArray[Any], truth: Any, window: Window, info: ImageInfo, erode: int
) -> None:
    """Add the pixels of a window."""
    wide, inner = _widened(window, erode, info)
    labels = truth(wide)
    before = labels[inner]
    after = without_boundaries(labels, erode)[inner]
    result.eroded += int((before != after).sum())
    missing = (ids == IGNORE) & (after != IGNORE)
    result.unpredicted += int(missing.sum())
    after = np.where(missing, IGNORE, after)
    result.hist += confusion_matrix(ids, after, len(result.classes), IGNORE)


def _widened(window: Window, margin: int, info: ImageInfo) -> tuple[Window, tuple[slice, slice]]:
    """A window with a margin, as far as the map reaches, and where the window lies in it."""
    y, x, height, width = window
    top, left = max(0, y - margin), max(0, x - margin)
    bottom, right = min(info.height, y + height + margin), min(info.width, x + width + margin)
    inner = slice(y - top, y - top + height), slice(x - left, x - left + width)
    return (top, left, bottom - top, right - left), inner


def without_boundaries(labels: NDArray[np.uint8], radius: int) -> NDArray[np.uint8]:
    """Ignore pixels that have another label within a disc, as the ISPRS benchmarks do.

    Unlabelled pixels count as another label: an edge that was drawn is a boundary. The edge of the
    array is none.

    Args:
        labels: (H, W) class ids, 255 where there is no label.
        radius: Of the disc in pixels; 0 changes nothing.

    Returns:
        (H, W) ids, 255 near boundaries.
    """
    if not radius:
        return labels
    steps = np.arange(-radius, radius + 1) ** 2
    disc = (steps[:, None] + steps <= radius**2).astype(np.uint8)
    alike = cv2.dilate(labels, disc) == cv2.erode(labels, disc)
    return np.where(alike, labels, np.uint8(IGNORE))


def _ids(path: str, info: ImageInfo, window: Window) -> NDArray[np.int64]:
    """Classes of a window of a map, 255 where it has no data."""
    if info.bands != 1:
        raise DataError(f'{path} has {info.bands} bands: a map of class ids has one')
    image, missing = read_masked(path, None, window, alpha='indices')
    ids = image[:, :, 0]
    if np.issubdtype(ids.dtype, np.floating):
        ids = np.nan_to_num(ids, nan=IGNORE)
    ids = ids.astype(np.int64)
    return ids if missing is None else np.where(missing[:, :, 0], IGNORE, ids)


def _common_classes(maps: Sequence[str]) -> list[str]:
    """Names in the tags of maps, which must agree."""
    found = {path: tagged_classes(path) for path in maps}
    first = found[maps[0]]
    for path, names in found.items():
        if not names:
            raise DataError(
                f'{path} does not name its classes (tags CLASS_0, CLASS_1, ...): give them by '
                '--classes in the order of their ids'
            )
        if names != first:
            raise DataError(f'{path} has the classes {names}, {maps[0]} has {first}: score alike')
    return first
