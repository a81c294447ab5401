"""Which values a label mask may hold, and the class that each stands for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glcnet_plugin.datasets.io.masks import IGNORE
from glcnet_plugin.errors import DataError


@dataclass(frozen=True)
class LabelRule:
    """Which values a mask may hold, and the training class that each stands for.

    Args:
        num_classes: Number of classes in the file; None admits every value up to 255.
        reduce_zero_label: Whether 0 is ignored and the classes are 1..num_classes.
        ignored: Values that are ignored; 255 always is.
        label_map: Training class of each class of the file, both counted from 0; 255 ignores
            one.
    """

    num_classes: int | None = None
    reduce_zero_label: bool = False
    ignored: Sequence[int] = (IGNORE,)
    label_map: Mapping[int, int] = field(default_factory=dict)

    @classmethod
    def of_entry(cls, entry: Mapping[str, Any]) -> 'LabelRule':
        """Rule for the mask of an entry of a segmentation dataset, ours or mmseg's."""
        label_map = entry.get('label_map') or {}
        return cls(
            len(label_map) or entry.get('num_classes'),
            bool(entry.get('reduce_zero_label')),
            tuple(entry.get('ignore_values', (IGNORE,))),
            label_map,
        )

    @property
    def all_ignored(self) -> list[int]:
        """Every ignored value, sorted."""
        return sorted({IGNORE, *self.ignored, *([0] if self.reduce_zero_label else [])})

    @property
    def num_training(self) -> int:
        """Number of classes to train; 256 where it is not known."""
        if self.label_map:
            return max((new for new in self.label_map.values() if new != IGNORE), default=-1) + 1
        return self._stop - self.reduce_zero_label

    @property
    def _stop(self) -> int:
        """First value above the classes of the file."""
        return 256 if self.num_classes is None else self.num_classes + self.reduce_zero_label

    def is_valid(self, ids: NDArray[Any]) -> NDArray[np.bool_]:
        """Whether each value is a class or ignored."""
        return np.asarray((ids >= 0) & (ids < self._stop) | np.isin(ids, self.all_ignored))

    def problem(self, ids: NDArray[Any]) -> str:
        """Name the values that are neither a class nor ignored; empty if there are none."""
        wrong = np.unique(ids[~self.is_valid(ids)]).tolist()
        if not wrong:
            return ''
        return (
            f'labels {wrong[:8]}: classes are {int(self.reduce_zero_label)}..{self._stop - 1}, '
            f'ignored are {self.all_ignored}; correct the mask or the list of classes'
        )

    def check(self, ids: NDArray[Any], path: str | Path) -> None:
        """Raise DataError if a value is neither a class nor ignored.

        Args:
            ids: (H, W) values of a mask.
            path: Its file, to name it.
        """
        if problem := self.problem(ids):
            raise DataError(f'{path} has the {problem}')

    def training_ids(self, ids: NDArray[Any]) -> NDArray[np.uint8]:
        """Turn valid values of a file into training classes, counted from 0.

        Args:
            ids: (H, W) values that :meth:`check` admits.

        Returns:
            (H, W) training classes, 255 for what is ignored.
        """
        shift = int(self.reduce_zero_label)
        table = np.arange(-shift, 256 - shift).astype(np.uint8)
        for old, new in self.label_map.items():
            table[old + shift] = new
        table[IGNORE] = IGNORE
        return table[np.where(np.isin(ids, self.all_ignored), IGNORE, ids)]

    def count(self, ids: NDArray[Any]) -> NDArray[np.int64]:
        """Count the pixels of each training class; values of no class count for none.

        Args:
            ids: (H, W) values of a mask.

        Returns:
            (num_training,) pixels.
        """
        known = self.training_ids(np.where(self.is_valid(ids), ids, IGNORE))
        return np.bincount(known[known != IGNORE], minlength=256)[: self.num_training]
