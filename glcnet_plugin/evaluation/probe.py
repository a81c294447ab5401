"""Probes of frozen features: logistic regression and nearest neighbours on pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from glcnet_plugin.errors import DataError
from glcnet_plugin.evaluation.confusion import Counts, confusion_matrix

# scikit-learn's ``C``. Neighbouring pixels are much alike, so few tiles overfit hundreds of
# features without a strong penalty.
INVERSE_PENALTY = 0.01
MAX_ITER = 200  # of the solver


def fit_linear(
    features: NDArray[Any], labels: NDArray[Any], inverse_penalty: float = INVERSE_PENALTY
) -> Pipeline:
    """Fit a logistic regression to standardised features of labelled pixels.

    Args:
        features: (N, F).
        labels: (N,) class ids.
        inverse_penalty: scikit-learn's ``C``.

    Returns:
        The scaler and the classifier.

    Raises:
        DataError: If the pixels show fewer than two classes.
    """
    _require_two_classes(labels)
    regression = LogisticRegression(C=inverse_penalty, max_iter=MAX_ITER)
    return make_pipeline(StandardScaler(), regression).fit(features, labels)


def as_layer(
    probe: Pipeline, num_classes: int, num_pixels: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weights of one linear layer that gives the class probabilities of a linear probe.

    With the mean m and deviation s of the features, w . (x - m) / s + b is
    (w / s) . x + b - (w / s) . m. The logits of the classes that were seen have mean 0. A class
    that was not gets a constant logit of -log N: less likely than one of the N pixels, but not so
    unlikely that the first pixel of it would upset a training.

    Args:
        probe: Of :func:`fit_linear`.
        num_classes: n.
        num_pixels: N, which it was fitted to.

    Returns:
        Weight (n, F) and bias (n,).
    """
    scaler, regression = probe[0], probe[1]
    slopes, offsets = regression.coef_.astype(np.float64), regression.intercept_.astype(np.float64)
    if len(slopes) == 1:  # two classes: the logit of the second against the first
        slopes, offsets = np.concatenate([0 * slopes, slopes]), np.append(0 * offsets, offsets)
    slopes = (slopes - slopes.mean(0)) / scaler.scale_
    offsets = offsets - offsets.mean() - slopes @ scaler.mean_
    weight = np.zeros((num_classes, slopes.shape[1]))
    bias = np.full(num_classes, -np.log(num_pixels))
    weight[regression.classes_], bias[regression.classes_] = slopes, offsets
    return weight, bias


def linear_probe(
    train_features: NDArray[Any],
    train_labels: NDArray[Any],
    test_features: NDArray[Any],
    test_labels: NDArray[Any],
    num_classes: int,
    inverse_penalty: float = INVERSE_PENALTY,
) -> Counts:
    """Fit a linear classifier to labelled pixels and score it on others.

    Args:
        train_features: (N, F) features of labelled pixels.
        train_labels: (N,) class ids.
        test_features: (M, F) features of the pixels to score.
        test_labels: (M,) class ids.
        num_classes: n.
        inverse_penalty: See :func:`fit_linear`.

    Returns:
        (n, n) int64 confusion matrix, rows truth, columns prediction.

    Raises:
        DataError: If the training pixels show fewer than two classes.
    """
    probe = fit_linear(train_features, train_labels, inverse_penalty)
    return confusion_matrix(probe.predict(test_features), test_labels, num_classes)


def knn_probe(
    train_features: NDArray[Any],
    train_labels: NDArray[Any],
    test_features: NDArray[Any],
    test_labels: NDArray[Any],
    num_classes: int,
    neighbours: int = 20,
    temperature: float = 0.07,
) -> Counts:
    """Let the most similar labelled pixels vote for the class of others; nothing is fitted.

    The vote of a neighbour weighs exp(similarity / temperature), with the cosine similarity
    (Wu et al., InstDisc, https://arxiv.org/abs/1805.01978, section 3.4; 20 neighbours as DINO,
    https://arxiv.org/abs/2104.14294). Unlike there, every feature is standardised first: ours
    come from several stages, whose scales differ.

    Args:
        train_features: (N, F) features of labelled pixels.
        train_labels: (N,) class ids.
        test_features: (M, F) features of the pixels to score.
        test_labels: (M,) class ids.
        num_classes: n.
        neighbours: Labelled pixels that vote, at most N.
        temperature: Of the weights.

    Returns:
        (n, n) int64 confusion matrix, rows truth, columns prediction.

    Raises:
        DataError: If the training pixels show fewer than two classes.
    """
    _require_two_classes(train_labels)
    vote = KNeighborsClassifier(
        min(neighbours, len(train_labels)),
        metric='cosine',
        # the distance is 1 - similarity; a common factor does not matter
        weights=lambda distances: np.exp(-distances / temperature),
    )
    probe = make_pipeline(StandardScaler(), vote)
    probe.fit(train_features, train_labels)
    return confusion_matrix(probe.predict(test_features), test_labels, num_classes)


def _require_two_classes(labels: NDArray[Any]) -> None:
    """Refuse training pixels of fewer than two classes."""
    classes = np.unique(labels).tolist()
    if len(classes) < 2:
        raise DataError(
            f'a probe needs two classes or more, the {len(labels)} training pixels show '
            f'only {classes}: label more tiles'
        )
