import numpy as np
import pytest

from glcnet_plugin.datasets.analysis.declared_classes import class_issues
from glcnet_plugin.datasets.analysis.split_summary import SplitSummary
from glcnet_plugin.datasets.io.labels import LabelRule


@pytest.mark.parametrize(
    ('rule', 'pixels', 'has_255', 'codes'),
    [
        (LabelRule(3), [1, 2, 3], False, []),
        (LabelRule(3), [1, 0, 3], True, ['class_absent']),
        (LabelRule(2), [1, 0], True, ['binary_255']),
        (LabelRule(2), [1, 0], False, ['class_absent']),
        (LabelRule(1), [5], False, ['single_class']),
        (LabelRule(), [1, 0], True, []),  # nobody declared classes
        (LabelRule(2), [0, 0], True, []),  # told as only_ignored
    ],
)
def test_declared_classes(rule, pixels, has_255, codes):
    split = SplitSummary(class_pixels=np.array(pixels), has_255=has_255)
    assert [issue.code for issue in class_issues({'train': split}, rule)] == codes


def test_classes_from_1_are_named():
    split = SplitSummary(class_pixels=np.array([0, 4, 0]))
    (issue,) = class_issues({'train': split}, LabelRule(3))
    assert 'classes [0, 2]; looks like 1..N with 0 as nodata' in issue.message
