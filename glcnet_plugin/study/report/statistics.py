"""Statistics of a few seeds: intervals, tests, verdicts, detectable differences, labels needed."""

import itertools
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import nct, ttest_1samp
from scipy.stats import t as student

ENOUGH = 5  # pairs, for an interval
EXACT = 6  # pairs, up to which all resamples are listed: 6^6 = 46,656
DRAWS = 20_000  # resamples of more pairs
CONFIDENCE = 0.95
ERROR_RATE = 0.05  # of the tests of one family, together
POWER = 0.8
ROUNDING = 1e-12  # differences this close to each other are equal


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


def paired_p_value(differences: Sequence[float]) -> float | None:
    """Two-sided p-value of the paired t-test.

    Args:
        differences: Of two methods, one per seed.

    Returns:
        The p-value; None for a single seed, which says nothing about the spread. If all
        differences are equal, the limit for a spread of 0: 1 if they are 0, else 0.
    """
    if len(differences) < 2:
        return None
    if np.ptp(differences) < ROUNDING:
        return 0.0 if abs(differences[0]) >= ROUNDING else 1.0
    return float(ttest_1samp(differences, 0).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values for their number, by the step-down method of Holm.

    Rejecting where the adjusted value is at most 5 % keeps the probability of any wrong rejection
    at 5 %, however the tests depend on each other (Holm, A Simple Sequentially Rejective Multiple
    Test Procedure, Scandinavian Journal of Statistics 6, 1979).

    Args:
        p_values: Of all m tests of a family.

    Returns:
        Adjusted values in the same order: the smallest times m, the next one times m - 1, and so
        on; at most 1, and none below that of a smaller p-value.
    """
    values = np.asarray(p_values, np.float64)
    order = np.argsort(values)
    scaled = values[order] * np.arange(len(values), 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1, np.maximum.accumulate(scaled))
    return [float(value) for value in adjusted]


def detectable_difference(differences: Sequence[float]) -> float | None:
    """True mean difference that this many seeds detect with a power of 0.8.

    That is, at which the two-sided paired t-test at 5 % finds a difference of the right sign in 8
    of 10 repetitions, if the standard deviation of single differences is the observed one. The
    test's statistic then follows a noncentral t distribution (Cohen, Statistical Power Analysis
    for the Behavioral Sciences, 2nd edition, 1988, chapter 2).

    Args:
        differences: Of two methods, one per seed.

    Returns:
        The difference, at least 0; None for a single seed.
    """
    count = len(differences)
    if count < 2:
        return None
    critical = student.ppf(1 - ERROR_RATE / 2, count - 1)

    def excess(shift: float) -> float:
        """Power at a noncentrality, less the wanted one; it grows with the noncentrality."""
        return float(nct.sf(critical, count - 1, shift)) - POWER

    # At twice the critical value the power is above 0.95 for any number of seeds.
    shift = brentq(excess, 0, 2 * critical)
    return float(shift * np.std(differences, ddof=1) / count**0.5)


def verdict(differences: Sequence[float], adjusted: float | None) -> str:
    """Judge paired differences of a score.

    Args:
        differences: One per seed.
        adjusted: Their p-value after the correction for several comparisons, see :func:`holm`;
            None if they were not corrected.

    Returns:
        'ahead' or 'behind' if the interval of the mean excludes 0, after 'possibly '
        unless the adjusted p-value is at most 0.05; 'tie' if the interval contains 0; 'too few
        seeds' below five.
    """
    interval = mean_interval(differences)
    if interval is None:
        return 'too few seeds'
    low, high = interval
    if low <= 0 <= high:
        return 'tie'
    side = 'ahead' if low > 0 else 'behind'
    corrected = adjusted is not None and adjusted <= ERROR_RATE
    return side if corrected else f'possibly {side}'


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
