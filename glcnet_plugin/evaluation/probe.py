"""What frozen features know: logistic regression on pixels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
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
        inverse_penalty: scikit-learn's ``C``. Neighbouring pixels say much the same, so that
            few tiles overfit hundreds of features without a strong penalty.
        max_iter: Iterations of the solver at most.

    Returns:
        (n, n) int64 confusion matrix, rows truth, columns prediction.

    Raises:
        DataError: If the training pixels show fewer than two classes.
    """
    if len(np.unique(train_labels)) < 2:
        raise DataError(
            f'a probe needs two classes or more, the {len(train_labels)} training pixels show '
            f'only {np.unique(train_labels).tolist()}: label more tiles'
        )
    probe = make_pipeline(
        StandardScaler(), LogisticRegression(C=inverse_penalty, max_iter=max_iter)
    )
    probe.fit(train_features, train_labels)
    return confusion_matrix(probe.predict(test_features), test_labels, num_classes)
