import numpy as np
import pytest

from glcnet_plugin.errors import DataError
from glcnet_plugin.evaluation import linear_probe


def data(count, seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, count)
    features = rng.standard_normal((count, 6))
    features[:, 0] += 40 * labels  # one telling feature of another scale
    return features, labels


def test_separable_classes_are_found_and_the_matrix_counts_every_pixel():
    hist = linear_probe(*data(600, 0), *data(200, 1), num_classes=4, inverse_penalty=10.0)
    assert hist.shape == (4, 4) and hist.sum() == 200 and np.trace(hist) >= 190


def test_ignored_test_pixels_do_not_count():
    features, labels = data(100, 1)
    labels[:30] = 255
    assert linear_probe(*data(300, 0), features, labels, num_classes=3).sum() == 70


def test_one_class_cannot_be_probed():
    features, _ = data(10, 0)
    with pytest.raises(DataError, match=r'10 training pixels show only \[2\]'):
        linear_probe(features, np.full(10, 2), features, np.full(10, 2), 3)
