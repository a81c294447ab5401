"""Compare the classes that the settings declare with the pixels of the masks."""

from collections.abc import Iterator, Mapping

import numpy as np

from glcnet_plugin.datasets.analysis.sample_checks import Issue
from glcnet_plugin.datasets.analysis.split_summary import SplitSummary
from glcnet_plugin.datasets.io.labels import ZERO_HINT, LabelRule


def class_issues(splits: Mapping[str, SplitSummary], rule: LabelRule) -> Iterator[Issue]:
    """Report classes without a pixel, and a number of classes that cannot be scored.

    Args:
        splits: Counts of each split.
        rule: What the masks may hold.

    Yields:
        The issues.
    """
    counts = [s.class_pixels for s in splits.values() if s.class_pixels is not None]
    if rule.num_classes is None or not counts:
        return
    if rule.num_training == 1:
        text = 'there is a single class, so that every prediction is right: name the rest'
        yield Issue('error', 'single_class', 'all splits', f'{text}, such as "background"')
        return
    if len({count.shape for count in counts}) > 1 or not np.sum(counts):
        return
    absent = np.flatnonzero(np.sum(counts, axis=0) == 0).tolist()
    if not absent:
        return
    if rule.num_training == 2 and any(s.has_255 for s in splits.values()):
        text = (
            'masks hold one class and 255, which is ignored: if 255 stands for a class, say so in '
            'classes.json: "mapping": {"0": 0, "255": 1}'
        )
        yield Issue('error', 'binary_255', 'all splits', text)
        return
    hint = (
        f'; {ZERO_HINT}' if absent[0] == 0 and not (rule.reduce_zero_label or rule.mapping) else ''
    )
    text = f'no pixel of any mask is of the classes {absent}{hint}'
    yield Issue('warning', 'class_absent', 'all splits', text)
