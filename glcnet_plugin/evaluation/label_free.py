"""Numbers about dense features that need no labels."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.preprocessing import StandardScaler

CLUSTERS = 16
PIXELS = 4000  # drawn once; enough for numbers of two digits


def label_free_metrics(features: NDArray[Any]) -> dict[str, float]:
    """Measure how many directions the features of pixels use, and how well they form clusters.

    After the two parts of the Dense representation Structure Estimator (arXiv 2510.17299), which
    estimates the quality of dense features for the choice of a checkpoint. Differences: single
    features are standardised, as our probes do; the share of variance between clusters stands for
    the distances between and within; the parts are given apart, since their weights are theirs.

    Args:
        features: (P, F) features of pixels of many images, P > 1.

    Returns:
        ``effective_rank``, between 1 and F (Roy and Vetterli, EUSIPCO 2007), of the standardised
        features, and ``separability``, the share of their variance that is between 16 clusters of
        k-means, between 0 and 1. Both are 0 for features that are all equal.
    """
    drawn = np.random.default_rng(0).permutation(len(features))[:PIXELS]
    scaled = StandardScaler().fit_transform(features[drawn].astype(np.float64))
    total = float((scaled**2).sum())
    if total == 0:
        return {'effective_rank': 0.0, 'separability': 0.0}
    strength = np.linalg.svd(scaled, compute_uv=False)
    share = strength[strength > 0] / strength.sum()
    clusters = KMeans(min(CLUSTERS, len(scaled)), n_init=1, random_state=0).fit(scaled)
    return {
        'effective_rank': float(np.exp(-(share * np.log(share)).sum())),
        'separability': 1 - float(clusters.inertia_) / total,
    }
