import math

import numpy as np
import pytest
import torch

from glcnet_plugin.errors import DataError
from glcnet_plugin.evaluation import confusion_matrix, confusion_scores
from glcnet_plugin.evaluation.confusion import for_json


def test_reproduces_the_official_code(official):
    scores = confusion_scores(official['conf'])
    assert scores['OA'] == pytest.approx(float(official['conf_oa']), rel=1e-12)
    assert scores['Kappa'] == pytest.approx(float(official['conf_kappa']), rel=1e-12)
    for ours, theirs in (('F1', 'f1'), ('precision', 'precision'), ('recall', 'recall')):
        np.testing.assert_allclose(scores[ours], official[f'conf_{theirs}'], rtol=1e-12)


def test_hand_computed_case():
    # truth 0: 3 right, 1 taken for 1; truth 1: 2 right, 2 taken for 0; truth 2: 2 right
    scores = confusion_scores([[3, 1, 0], [2, 2, 0], [0, 0, 2]])
    assert scores['OA'] == pytest.approx(7 / 10)
    assert scores['AA'] == pytest.approx((3 / 4 + 2 / 4 + 1) / 3)
    chance = (4 * 5 + 4 * 3 + 2 * 2) / 100
    assert scores['Kappa'] == pytest.approx((0.7 - chance) / (1 - chance))
    assert scores['IoU'] == pytest.approx([3 / 6, 2 / 5, 1])
    assert scores['mIoU'] == pytest.approx((3 / 6 + 2 / 5 + 1) / 3)
    assert scores['F1'] == pytest.approx([6 / 9, 4 / 7, 1])
    assert scores['precision'] == pytest.approx([3 / 5, 2 / 3, 1])


def test_perfect_and_useless_predictions():
    assert confusion_scores(np.diag([5, 3]))['Kappa'] == 1
    assert confusion_scores([[4, 4], [2, 2]])['Kappa'] == pytest.approx(0)
    assert confusion_scores([[0, 5], [5, 0]])['Kappa'] == pytest.approx(-1)


def test_absent_classes_do_not_count():
    scores = confusion_scores([[3, 1, 0], [1, 3, 0], [0, 0, 0]])
    assert scores['mIoU'] == pytest.approx(3 / 5)
    assert math.isnan(scores['IoU'][2]) and math.isnan(scores['recall'][2])
    # predicted but never true: IoU 0 counts, recall does not exist
    scores = confusion_scores([[3, 1], [0, 0]])
    assert scores['IoU'] == pytest.approx([3 / 4, 0]) and scores['AA'] == pytest.approx(3 / 4)


def test_one_class_only_and_nothing_at_all():
    one = confusion_scores([[7, 0], [0, 0]])
    assert one['OA'] == 1 and one['Kappa'] == 0
    empty = confusion_scores(np.zeros((3, 3), int))
    assert all(math.isnan(empty[name]) for name in ('OA', 'AA', 'Kappa', 'mIoU', 'mF1'))


def test_takes_tensors_and_large_counts():
    hist = torch.tensor([[3_000_000_000, 0], [1, 3_000_000_000]])
    assert confusion_scores(hist)['OA'] == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize('shape', [(2, 3), (4,)])
def test_matrix_must_be_square(shape):
    with pytest.raises(DataError, match='square'):
        confusion_scores(np.zeros(shape))


def test_counting_equals_the_loop():
    truth = np.random.randint(0, 4, (9, 7))
    truth[0] = 255
    prediction = np.random.randint(0, 4, (9, 7))
    expected = np.zeros((4, 4), int)
    for t, p in zip(truth.ravel(), prediction.ravel(), strict=True):
        if t != 255:
            expected[t, p] += 1
    counts = confusion_matrix(prediction.astype(np.uint8), truth, 4)
    np.testing.assert_array_equal(counts, expected)
    assert counts.dtype == np.int64


def test_values_out_of_range_are_named():
    with pytest.raises(DataError, match=r'truth holds \[7\], but there are 6 classes'):
        confusion_matrix(np.array([0]), np.array([7]), 6)
    with pytest.raises(DataError, match=r'prediction holds \[6\]'):
        confusion_matrix(np.array([6]), np.array([1]), 6)
    with pytest.raises(DataError, match='differ in shape'):
        confusion_matrix(np.zeros(3), np.zeros(2), 6)


def test_scores_for_json_have_no_nan():
    assert for_json([0.5, float('nan')]) == [0.5, None] and for_json(0.25) == 0.25
