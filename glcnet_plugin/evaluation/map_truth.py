"""The labels of a map, on its own grid."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio import Affine

from glcnet_plugin.datasets.io.folder_format import label_rule, read_classes
from glcnet_plugin.datasets.io.images import IMAGE_SUFFIXES, ImageInfo, image_info
from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.io.masks import IGNORE, StoredMask, read_stored_mask
from glcnet_plugin.datasets.io.rasters import Window, opened
from glcnet_plugin.datasets.io.warping import warped_labels
from glcnet_plugin.datasets.vector.burning import Burner, Grid
from glcnet_plugin.datasets.vector.labels import VectorLabels, read_labels
from glcnet_plugin.errors import DataError

Truth = Callable[[Window], NDArray[np.uint8]]


class Labels:
    """A label raster, or polygons and points.

    Classes of a raster are matched by name where its tags or the ``classes.json`` of its labelled
    folder name them, else its values are the ids.

    Args:
        path: Their file.
        classes: Names of the classes, in the order of their ids.
        point_radius: See :class:`Burner`.
        vector: Further arguments of :func:`read_labels`.

    Raises:
        DataError: If the labels cannot be read, or are of other classes.
    """

    def __init__(
        self,
        path: str,
        classes: Sequence[str],
        point_radius: float = 0.0,
        vector: Mapping[str, Any] | None = None,
    ) -> None:
        self.path, self.point_radius = path, point_radius
        self.rule = LabelRule(len(classes))
        self.drawn: VectorLabels | None = None
        self.order = list(range(len(classes)))  # class of the map for each class of the labels
        if Path(path).suffix.lower() in IMAGE_SUFFIXES:
            self.rule, names = _described(path) or (self.rule, list(classes))
            if other := [name for name in names if name not in classes]:
                raise DataError(f'{path} has the classes {other}, the map has {list(classes)}')
            self.order = [list(classes).index(name) for name in names]
        else:
            self.drawn = read_labels(path, classes=classes, **(vector or {}))
        self.notes = list(self.drawn.notes) if self.drawn else []

    def ids(self, stored: StoredMask) -> NDArray[np.uint8]:
        """Classes of a stored part of a raster.

        Raises:
            DataError: If it holds colours, or an id of no class.
        """
        values = self.rule.file_ids(stored, self.path)
        self.rule.check(values, self.path)
        table = np.full(IGNORE + 1, IGNORE, np.uint8)
        table[: len(self.order)] = self.order
        return table[self.rule.training_ids(values)]


def tagged_classes(path: str) -> list[str]:
    """Names of the classes in the tags of a map (CLASS_0, CLASS_1, ...); empty without."""
    with opened(path) as raster:
        tags = raster.tags()
    names: list[str] = []
    while (key := f'CLASS_{len(names)}') in tags:
        names.append(tags[key])
    return names


def _described(path: str) -> tuple[LabelRule, list[str]] | None:
    """Rule and names of a label raster, by its tags or the labelled folder that it lies in."""
    if names := tagged_classes(path):
        return LabelRule(len(names)), names
    folder = Path(path).parent.parent
    if Path(path).parent.name == 'masks' and (folder / 'classes.json').is_file():
        meta = read_classes(folder)
        return label_rule(meta), meta['classes']
    return None


@contextmanager
def truth_of(labels: Labels, path: str) -> Iterator[Truth]:
    """What gives the labels of windows of a map.

    Args:
        labels: The labels.
        path: The map.

    Yields:
        A function of a window of the map: (height, width) class ids, 255 without a label.

    Raises:
        DataError: If the labels have no place on the map.
    """
    if labels.drawn is not None:
        burner = Burner(labels.drawn, Grid.of(path), labels.point_radius)
        yield lambda window: burner.classes(burner.features(window))
        return
    own, other = image_info(path, 'indices'), image_info(labels.path, 'indices')
    if _on_one_grid(own, other):
        yield lambda window: labels.ids(read_stored_mask(labels.path, window))
        return
    for info, file in ((own, path), (other, labels.path)):
        if info.crs is None:
            raise DataError(
                f'{file} has no CRS, and {path} is {own.height}x{own.width} px, {labels.path} '
                f'{other.height}x{other.width} px: give rasters of one size, or georeferenced ones'
            )
    warped = warped_labels(labels.path, own, labels.rule.mapping)
    yield lambda window: labels.ids(read_stored_mask(warped, window))


def _on_one_grid(first: ImageInfo, second: ImageInfo) -> bool:
    """Whether pixels of two rasters are the same; without a CRS, those of one size are."""
    if (first.height, first.width) != (second.height, second.width):
        return False
    if first.crs is None or second.crs is None or not (first.transform and second.transform):
        return True
    alike = Affine(*first.transform).almost_equals(Affine(*second.transform), 1e-9)
    return first.crs == second.crs and alike
