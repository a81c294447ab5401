"""Compare the classes that the settings declare with the pixels of the masks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from glcnet_plugin.datasets.io.labels import ZERO_HINT, LabelRule

if TYPE_CHECKING:
    from glcnet_plugin.datasets.analysis.dataset_check import DatasetReport


def check_declared_classes(report: DatasetReport, rule: LabelRule) -> None:
    """Report classes without a pixel, and a number of classes that cannot be scored.

    Args:
        report: Counts of all splits; receives the issues.
        rule: What the masks may hold.
    """
    counts = [s.class_pixels for s in report.splits.values() if s.class_pixels is not None]
    if rule.num_classes is None or not counts:
        return
    if rule.num_training == 1:
        text = 'there is a single class, so that every prediction is right: name the rest'
        report.add('error', 'single_class', 'all splits', f'{text}, such as "background"')
        return
    if len({count.shape for count in counts}) > 1 or not np.sum(counts):
        return
    absent = np.flatnonzero(np.sum(counts, axis=0) == 0).tolist()
    if not absent:
        return
    if rule.num_training == 2 and any(s.has_255 for s in report.splits.values()):
        text = (
            'masks hold one class and 255, which is ignored: if 255 stands for a class, say so in '
            'classes.json: "mapping": {"0": 0, "255": 1}'
        )
        report.add('error', 'binary_255', 'all splits', text)
        return
    hint = (
        f'; {ZERO_HINT}' if absent[0] == 0 and not (rule.reduce_zero_label or rule.mapping) else ''
    )
    text = f'no pixel of any mask is of the classes {absent}{hint}'
    report.add('warning', 'class_absent', 'all splits', text)
