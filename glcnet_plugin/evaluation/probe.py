"""Probes of frozen features: logistic regression and nearest neighbours on pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from glcnet_plugin.errors import DataError
from glcnet_plugin.evaluation.confusion import Counts, confusion_matrix


def linear_probe(
    train_features: NDArray[Any],
    train_labels: NDArray[Any],
    test_features: NDArray[Any],
    test_labels: NDArray[Any],
    num_classes: int,
    inverse_penalty: float = 0.01,
    max_iter: int = 200,
) -> Counts:
    """Fit a linear classifier to labelled pixels and score it on others.

    Args:
        train_features: (N, F) features of labelled pixels.
        train_labels: (N,) class ids.
        test_features: (M, F) features of the pixels to score.
        test_labels: (M,) class ids.
        num_classes: n.
        inverse_penalty: scikit-learn's ``C``. Neighbouring pixels are much alike, so few
            tiles overfit hundreds of features without a strong penalty.
        max_iter: Maximum iterations of the solver.

    Returns:
        (n, n) int64 confusion matrix, rows truth, columns prediction.

    Raises:
        DataError: If the training pixels show fewer than two classes.
    """
    _require_two_classes(train_labels)
    probe = make_pipeline(
        StandardScaler(), LogisticRegression(C=inverse_penalty, max_iter=max_iter)
    )
    probe.fit(train_features, train_labels)
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
