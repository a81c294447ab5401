"""Which values a label mask may hold, and the class that each stands for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.datasets.io.masks import IGNORE, Colour, StoredMask, require_ids
from glcnet_plugin.datasets.io.palettes import ids_by_palette
from glcnet_plugin.errors import ConfigError, DataError

NO_LABEL = int(np.iinfo(np.int64).min)  # nodata where a mapping leaves no value to ignore
ZERO_HINT = (
    'looks like 1..N with 0 as nodata: set "reduce_zero_label": true in classes.json, '
    'reduce_zero_label=True of the dataset, or --reduce-zero-label'
)


@dataclass(frozen=True)
class LabelRule:
    """Which values a mask may hold, and the training class that each stands for.

    Args:
        num_classes: Number of classes in the file; None admits every value up to 255.
        reduce_zero_label: Whether 0 is ignored and the classes are 1..num_classes.
        ignored: Values that are ignored; 255 always is, unless it is one of the classes.
        label_map: Training class of each class of the file, both counted from 0; 255 ignores
            one.
        mapping: Class of each value of the file, counted from 0; empty where the values are
            the classes. Says more than ``ignored`` and the nodata value of a mask.
        colours: Class of each colour, to tell whether the palette of a mask is in another order.

    Raises:
        ConfigError: If 255 would be a class and ignored.
    """

    num_classes: int | None = None
    reduce_zero_label: bool = False
    ignored: Sequence[int] = (IGNORE,)
    label_map: Mapping[int, int] = field(default_factory=dict)
    mapping: Mapping[int, int] = field(default_factory=dict)
    colours: Mapping[Colour, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.num_classes is None:
            return
        clash = IGNORE in self.ignored and IGNORE in self._classes and not self.mapping
        if clash or (self.num_training > IGNORE and self.ignore == IGNORE):
            raise ConfigError(
                f'{self.num_classes} classes, and 255 is ignored though it is one of them: set '
                'ignore_index of classes.json or the dataset, of decode_head and of the evaluator '
                'to a value that is no class, such as 65535'
            )

    @classmethod
    def of_entry(cls, entry: Mapping[str, Any]) -> 'LabelRule':
        """Rule for the mask of an entry of a segmentation dataset, ours or mmseg's."""
        label_map = entry.get('label_map') or {}
        return cls(
            len(label_map) or entry.get('num_classes'),
            bool(entry.get('reduce_zero_label')),
            tuple(entry.get('ignore_values', (IGNORE,))),
            label_map,
            entry.get('mapping') or {},
            entry.get('class_colours') or {},
        )

    @cached_property
    def _classes(self) -> dict[int, int]:
        """Class of the file, counted from 0, of each value."""
        first = int(self.reduce_zero_label)
        return dict(self.mapping) or {value: value - first for value in range(first, self._stop)}

    @cached_property
    def _training(self) -> dict[int, int]:
        """Training class of each value that has one."""
        classes = {
            value: self.label_map.get(index, index) for value, index in self._classes.items()
        }
        ignored = set(self.all_ignored)
        return {v: new for v, new in classes.items() if v not in ignored and self._is_class(new)}

    def _is_class(self, new: int) -> bool:
        """Whether a value of ``label_map`` is a training class."""
        return new >= 0 and (new != IGNORE or self.num_training > IGNORE)

    @cached_property
    def all_ignored(self) -> list[int]:
        """Every ignored value, sorted."""
        always = () if self.num_classes and IGNORE in self._classes else (IGNORE,)
        zero = (0,) if self.reduce_zero_label else ()
        return sorted({*always, *self.ignored, *zero} - set(self.mapping))

    @cached_property
    def num_training(self) -> int:
        """Number of classes to train; 256 where it is not known."""
        if self.label_map:
            return max((new for new in self.label_map.values() if new != IGNORE), default=-1) + 1
        return self._stop - self.reduce_zero_label

    @property
    def ignore(self) -> int:
        """Value of ignored pixels in training: 255, or that of the file if 255 is a class."""
        if self.num_classes is None or self.num_training <= IGNORE:
            return IGNORE
        return next((value for value in self.ignored if value != IGNORE), IGNORE)

    @property
    def _stop(self) -> int:
        """First value above the classes of the file."""
        return 256 if self.num_classes is None else self.num_classes + self.reduce_zero_label

    def file_ids(self, mask: StoredMask, path: str | Path) -> NDArray[Any]:
        """Values of a mask as integers: nodata and NaN ignored, palettes of any order read.

        Args:
            mask: As it is stored.
            path: Its file, to name it.

        Returns:
            (H, W) values for :meth:`check` and :meth:`training_ids`.

        Raises:
            DataError: If it holds colours or fractions, or a palette contradicts the classes.
        """
        values, missing = mask.values, mask.missing
        if missing is not None and values.ndim == 2:
            missing = missing & ~np.isin(values, list(self.mapping))
            if np.issubdtype(values.dtype, np.floating):  # nodata of floats is often no integer
                values = np.where(missing, np.nan, values)
        ids = require_ids(values, path)
        if missing is not None and missing.any():
            fits = np.can_cast(np.min_scalar_type(self._fill), ids.dtype)
            ids = np.where(missing, self._fill, ids if fits else ids.astype(np.int64))
        told = self.mapping or self.reduce_zero_label  # what the ids stand for
        if self.colours and mask.palette and not told:
            ids = ids_by_palette(ids, mask.palette, self.colours, self.all_ignored, path)
        return ids

    @cached_property
    def _fill(self) -> int:
        """Value of nodata among the ids: an ignored one, else one that no file holds."""
        return IGNORE if IGNORE in self.all_ignored else next(iter(self.all_ignored), NO_LABEL)

    def is_valid(self, ids: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether each value is a class or ignored."""
        return np.isin(ids, [*self._classes, *self.all_ignored, self._fill])

    def problem(self, ids: NDArray[Any]) -> str:
        """Name the values that are neither a class nor ignored; empty if there are none."""
        wrong = np.unique(ids[~self.is_valid(ids)]).tolist()
        if not wrong:
            return ''
        classes = f'{int(self.reduce_zero_label)}..{self._stop - 1}'
        if self.mapping:
            classes = f'{sorted(self.mapping)} by the mapping'
        remedy = 'correct the mask or the list of classes'
        if wrong == [self.num_classes] and not (self.mapping or self.reduce_zero_label):
            remedy = ZERO_HINT
        return (
            f'labels {wrong[:8]}: classes are {classes}, ignored are {self.all_ignored}; {remedy}'
        )

    def check(self, ids: NDArray[Any], path: str | Path) -> None:
        """Raise DataError if a value is neither a class nor ignored.

        Args:
            ids: (H, W) values of a mask.
            path: Its file, to name it.
        """
        if problem := self.problem(ids):
            raise DataError(f'{path} has the {problem}')

    def training_ids(self, ids: NDArray[Any]) -> NDArray[Any]:
        """Turn valid values of a file into training classes, counted from 0.

        Args:
            ids: (H, W) values that :meth:`check` admits.

        Returns:
            (H, W) training classes, :attr:`ignore` for what is ignored; uint8, or int64 for
            more than 255 classes.
        """
        low, high = min((0, *self._training)), max((IGNORE, *self._training))
        table = np.full(high - low + 2, self.ignore, np.int64)  # the last: any other value
        for value, new in self._training.items():
            table[value - low] = new
        if self.ignore == IGNORE:
            table = table.astype(np.uint8)
        inside = (ids >= low) & (ids <= high)
        places = np.full(ids.shape, high - low + 1)
        places[inside] = ids[inside].astype(np.int64) - low
        return np.asarray(table[places])

    def count(self, ids: NDArray[Any]) -> NDArray[np.int64]:
        """Count the pixels of each training class; values of no class count for none.

        Args:
            ids: (H, W) values of a mask.

        Returns:
            (num_training,) pixels.
        """
        known = self.training_ids(ids)
        size = self.num_training
        return np.bincount(known[known != self.ignore], minlength=size)[:size]
