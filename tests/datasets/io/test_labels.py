import numpy as np
import pytest

from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.io.masks import StoredMask
from glcnet_plugin.errors import ConfigError, DataError

IDS = np.array([[0, 5, 6, 255], [7, -1, 3, 9]])


def test_values_of_no_class_are_named_with_the_valid_ones():
    text = LabelRule(6).problem(IDS)
    assert text.startswith('labels [-1, 6, 7, 9]: classes are 0..5, ignored are [255]; correct')
    assert LabelRule(6, ignored=[9, -1]).problem(IDS).startswith('labels [6, 7]: classes are 0..5')
    shifted = LabelRule(6, reduce_zero_label=True, ignored=[9, -1])
    assert 'labels [7]: classes are 1..6, ignored are [-1, 0, 9, 255]' in shifted.problem(IDS)
    assert LabelRule().problem(IDS).startswith('labels [-1]: classes are 0..255')
    with pytest.raises(
        DataError, match=r'm.png has the labels \[-1, 6, 7, 9\]: classes are 0\.\.5'
    ):
        LabelRule(6).check(IDS, 'm.png')
    LabelRule(10, ignored=[-1]).check(IDS, 'm.png')


def test_ignored_values_become_255_whatever_their_size():
    rule = LabelRule(6, ignored=[-9999, 65535])
    ids = rule.training_ids(np.array([[0, -9999, 5, 65535, 255]]))
    assert ids.tolist() == [[0, 255, 5, 255, 255]] and ids.dtype == np.uint8


def test_zero_label_and_map():
    rule = LabelRule(4, reduce_zero_label=True, label_map={0: 1, 1: 0, 2: 255, 3: 2})
    ids = np.array([[0, 1, 2, 3, 4, 255]], np.uint8)
    assert rule.training_ids(ids).tolist() == [[255, 1, 0, 255, 2, 255]]
    assert rule.num_training == 3 and rule.count(ids).tolist() == [1, 1, 1]


def test_counts_leave_out_what_is_no_class():
    assert LabelRule(6).count(IDS).tolist() == [1, 0, 0, 1, 0, 1]
    assert LabelRule().count(IDS).sum() == 6 and len(LabelRule().count(IDS)) == 256
    assert LabelRule(2, label_map={0: 255, 1: 255}).count(IDS).size == 0


def test_the_rule_of_an_entry():
    assert LabelRule.of_entry({'img_path': 'x'}) == LabelRule()
    entry = {'label_map': {0: 0, 1: 0}, 'num_classes': 1, 'reduce_zero_label': True}
    rule = LabelRule.of_entry({**entry, 'ignore_values': [9, 255]})
    assert rule == LabelRule(2, True, (9, 255), {0: 0, 1: 0})


def test_values_of_a_mapping():
    rule = LabelRule(2, mapping={0: 0, 255: 1}, ignored=[7])
    ids = np.array([[0, 255, 7]], np.uint8)
    assert rule.training_ids(ids).tolist() == [[0, 1, 255]] and rule.count(ids).tolist() == [1, 1]
    assert 'labels [1]: classes are [0, 255] by the mapping' in rule.problem(np.array([[1]]))


def trained(rule, values, missing, palette=()):
    """Training classes of a row, checked."""
    stored = StoredMask(np.array([values]), np.array([missing], bool), dict(enumerate(palette)))
    ids = rule.file_ids(stored, 'm.tif')
    rule.check(ids, 'm.tif')
    return rule.training_ids(ids).tolist()


@pytest.mark.parametrize('dtype', [np.uint8, np.int16, np.float32])
def test_nodata_where_a_mapping_leaves_no_value_to_ignore(dtype):
    """IndexError before, also where no pixel was missing."""
    rule = LabelRule(2, mapping={0: 0, 255: 1})
    assert trained(rule, np.array([0, 255], dtype), [True, False]) == [[0, 1]]
    assert trained(rule, np.array([0, 255, 9], dtype), [0, 0, 1]) == [[0, 1, 255]]


def test_nodata_of_floats_is_often_no_integer():
    """It was taken for a fraction."""
    values = np.array([0, 1, -3.4028235e38, np.nan, np.inf], np.float32)
    assert trained(LabelRule(2), values, [0, 0, 1, 1, 1]) == [[0, 1, 255, 255, 255]]
    rule = LabelRule(2, mapping={0: 0, 255: 1}, ignored=[254])  # NaN became 255, a class
    assert trained(rule, values[[0, 3]], [0, 1]) == [[0, 255]]


def test_nodata_of_signed_bytes():
    """255 became -1 in them, a label of no class."""
    assert trained(LabelRule(2), np.array([0, 1, -1], np.int8), [0, 0, 1]) == [[0, 1, 255]]


def test_nodata_does_not_hide_the_order_of_a_palette():
    """The nodata value counted among those that the palette must name."""
    rule = LabelRule(2, colours={(255, 0, 0): 0, (0, 255, 0): 1})
    palette = [(0, 255, 0), (255, 0, 0)]
    values = np.array([0, 1, -(2**15)], np.int16)
    assert trained(rule, values, [0, 0, 1], palette) == [[1, 0, 255]]


def test_negative_ignored_values_do_not_wrap():
    ids = np.array([[0, 1, 2]], np.uint8)
    assert LabelRule(3, ignored=[-255]).training_ids(ids).tolist() == [[0, 1, 2]]


def test_classes_from_1_are_named():
    text = LabelRule(3).problem(np.array([[1, 2, 3]]))
    assert 'ignored are [255]; looks like 1..N with 0 as nodata: set "reduce_zero_label"' in text


def test_255_is_a_class_among_many():
    rule = LabelRule(300, ignored=[65535])
    ids = np.array([[0, 255, 299, 65535]])
    assert rule.training_ids(ids).tolist() == ids.tolist() and rule.ignore == 65535
    assert rule.count(ids)[[0, 255, 299]].tolist() == [1, 1, 1] and rule.all_ignored == [65535]
    with pytest.raises(ConfigError, match=r'300 classes, and 255 is ignored .* such as 65535'):
        LabelRule(300)
    assert LabelRule(255, reduce_zero_label=True, ignored=[0]).training_ids(
        np.array([[0, 255]])
    ).tolist() == [[255, 254]]  # fmt: skip
