"""Statistics of a few seeds: intervals of a mean, verdicts, labels needed."""

import itertools
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

ENOUGH = 5  # pairs, for an interval
EXACT = 6  # pairs, up to which all resamples are listed: 6^6 = 46,656
DRAWS = 20_000  # resamples of more pairs
CONFIDENCE = 0.95


def mean_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """Bootstrap interval of a mean, 95 %.

    The expanded percentile interval: the plain one is too narrow for few values, since it ignores
    the n - 1 of a variance and the heavy tails of Student's t; here the percentiles are those
    that would be right for a normal distribution (Hesterberg, What Teachers Should Know About the
    Bootstrap, The American Statistician 69, 2015, section 4.3; scipy.stats.bootstrap does not
    have it). For up to six values all resamples are listed, else 20,000 are drawn.

    Args:
        values: n values, such as differences of two methods, one per seed.

    Returns:
        Its ends; None for fewer than five values, which are too few.
    """
    count = len(values)
    if count < ENOUGH:
        return None
    means = _resampled_means(np.asarray(values, np.float64))
    quantile = student.ppf((1 - CONFIDENCE) / 2, count - 1) * (count / (count - 1)) ** 0.5
    low = NormalDist().cdf(quantile)
    ends = np.quantile(means, [low, 1 - low])
    return float(ends[0]), float(ends[1])


def _resampled_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of resamples with replacement."""
    count = len(values)
    if count <= EXACT:
        places = np.array(list(itertools.product(range(count), repeat=count)))
    else:
        places = np.random.default_rng(0).integers(count, size=(DRAWS, count))
    means: NDArray[np.float64] = values[places].mean(axis=1)
    return means


def verdict(differences: Sequence[float]) -> str:
    """Judge paired differences of a score.

    Args:
        differences: One per seed.

    Returns:
        'ahead' or 'behind' if the interval of the mean excludes 0, 'tie' if it contains 0,
        'too few seeds' below five.
    """
    interval = mean_interval(differences)
    if interval is None:
        return 'too few seeds'
    if interval[0] > 0:
        return 'ahead'
    return 'behind' if interval[1] < 0 else 'tie'


def labels_to_reach(
    score: float, labels: Sequence[int], scores: Sequence[float]
) -> tuple[str, float]:
    """Estimate how many labelled tiles a method needs to reach a score.

    Args:
        score: The score.
        labels: Numbers of labelled tiles, ascending.
        scores: Mean score of the method with each.

    Returns:
        'about' and the number where linear interpolation over the logarithm of the number first
        reaches the score; 'at most' and the smallest number, if that reaches it; 'more than' and
        the largest, if none does.
    """
    if scores[0] >= score:
        return 'at most', float(labels[0])
    points = zip(labels, scores, strict=True)
    for (fewer, low), (more, high) in itertools.pairwise(points):
        if high >= score:
            share = (score - low) / (high - low)
            return 'about', float(np.exp(np.interp(share, [0, 1], np.log([fewer, more]))))
    return 'more than', float(labels[-1])
