import numpy as np
import pytest

from glcnet_plugin.errors import DataError
from glcnet_plugin.evaluation import linear_probe
from glcnet_plugin.evaluation.probe import as_layer, fit_linear, knn_probe


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
    for probe in (linear_probe, knn_probe):
        assert probe(*data(300, 0), features, labels, num_classes=3).sum() == 70


@pytest.mark.parametrize('probe', [linear_probe, knn_probe])
def test_one_class_cannot_be_probed(probe):
    features, _ = data(10, 0)
    with pytest.raises(DataError, match=r'10 training pixels show only \[2\]'):
        probe(features, np.full(10, 2), features, np.full(10, 2), 3)


@pytest.mark.parametrize('neighbours', [1, 7, 1000])
def test_neighbours_vote_as_written_out(neighbours):
    train, labels = data(60, 0)
    test, truth = data(40, 1)
    hist = knn_probe(train, labels, test, truth, 3, neighbours, temperature=0.5)
    mean, std = train.mean(0), train.std(0)
    unit = [(x - mean) / std for x in (train, test)]
    unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in unit]
    expected = np.zeros((3, 3), int)
    for x, true in zip(unit[1], truth, strict=True):
        similarity = unit[0] @ x
        nearest = np.argsort(-similarity)[:neighbours]
        votes = [
            np.exp(similarity[nearest] / 0.5)[labels[nearest] == name].sum() for name in range(3)
        ]
        expected[true, np.argmax(votes)] += 1
    np.testing.assert_array_equal(hist, expected)
    assert np.trace(hist) > 20  # better than one in three


def test_a_near_neighbour_weighs_more_than_several_far_ones():
    angles = np.radians([0, 60, 61, 62, 180, 240, 241, 242])  # mean 0 after standardising
    train = np.stack([np.cos(angles), np.sin(angles)], 1)
    labels = np.array([0, 1, 1, 1, 0, 1, 1, 1])
    test = train[:1]
    votes = [knn_probe(train, labels, test, labels[:1], 2, 8, t).argmax(1)[0] for t in (0.01, 100)]
    assert votes == [0, 1]


def softmax(logits):
    odds = np.exp(logits - logits.max(1, keepdims=True))
    return odds / odds.sum(1, keepdims=True)


@pytest.mark.parametrize('classes', [[0, 1, 2], [0, 2], [1, 4, 5]])
def test_one_layer_gives_the_probabilities_of_the_probe(classes):
    features, labels = data(300, 0)
    features[:, 1] = 7  # constant, as a dead channel
    labels = np.array(classes)[labels % len(classes)]
    probe = fit_linear(features, labels)
    weight, bias = as_layer(probe, 6, len(labels))
    assert weight.shape == (6, 6) and bias.shape == (6,)
    others, _ = data(50, 1)
    others[:, 1] = 7
    logits = others @ weight.T + bias
    np.testing.assert_allclose(softmax(logits[:, classes]), probe.predict_proba(others), atol=1e-6)
    np.testing.assert_allclose(logits[:, classes].mean(1), 0, atol=1e-6)
    missing = np.setdiff1d(range(6), classes)
    assert not weight[missing].any() and (bias[missing] == -np.log(300)).all()
    assert softmax(logits)[:, missing].max() < 1 / 300
