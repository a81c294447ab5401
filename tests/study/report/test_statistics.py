import itertools

import numpy as np
import pytest
from scipy import stats

from glcnet_plugin.study.report.statistics import (
    detectable_difference,
    holm,
    labels_to_reach,
    mean_interval,
    paired_p_value,
    verdict,
)


def test_the_interval_of_five_values_is_read_off_all_resamples():
    values = [0.1, 0.3, 0.2, 0.6, 0.4]
    means = sorted(np.mean(draw) for draw in itertools.product(values, repeat=5))
    # t of 4 degrees at 97.5 %: 2.776; times sqrt(5/4): 3.104; normal tail: 0.000955
    low = stats.norm.cdf(-2.7764451 * 1.25**0.5)
    assert low == pytest.approx(0.000955, abs=2e-6)
    place = low * (len(means) - 1)
    below = means[int(place)]
    above = means[int(place) + 1]
    expected = below + (place - int(place)) * (above - below)
    interval = mean_interval(values)
    assert interval[0] == pytest.approx(expected)
    assert interval[0] + interval[1] == pytest.approx(0.6, abs=0.2)  # nearly even around 0.32


def test_it_is_wider_than_the_plain_percentile_interval():
    values = np.random.default_rng(1).normal(size=6)
    means = [np.mean(draw) for draw in itertools.product(values, repeat=6)]
    plain = np.quantile(means, [0.025, 0.975])
    low, high = mean_interval(values)
    assert low < plain[0] and high > plain[1]


@pytest.mark.parametrize('count', [5, 12])
def test_it_holds_the_true_mean_about_as_often_as_it_says(count):
    rng = np.random.default_rng(0)
    trials = 300
    held = 0
    for _ in range(trials):
        low, high = mean_interval(rng.normal(2.0, 1.0, count).tolist())
        held += low <= 2.0 <= high
    assert 0.89 <= held / trials <= 0.99


def test_p_values_are_those_of_the_paired_t_test():
    # mean 2, standard deviation 1, t = 2 * sqrt(3); for 2 degrees p = 1 - t / sqrt(2 + t^2)
    assert paired_p_value([1, 2, 3]) == pytest.approx(1 - (12 / 14) ** 0.5)
    assert paired_p_value([-1, -2, -3]) == paired_p_value([1, 2, 3])
    ours, theirs = np.random.default_rng(0).normal(size=(2, 5))
    expected = stats.ttest_rel(ours, theirs).pvalue
    assert paired_p_value((ours - theirs).tolist()) == pytest.approx(expected)


def test_p_values_without_spread():
    assert paired_p_value([0.1]) is None
    assert paired_p_value([0.3 - 0.2, 0.31 - 0.21, 0.1]) == 0  # equal but for rounding
    assert paired_p_value([0.3 - 0.2 - 0.1, 0, 0]) == 1


def test_p_values_are_adjusted_by_hand():
    # ascending 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, 0.04; the last one
    # may not be below the third
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.6]) == [1, 1]
    assert holm([0.03]) == [0.03] and holm([]) == []
    assert holm([0.02, 0.02]) == [0.04, 0.04]


def spread(count):
    """Differences with a standard deviation of 1."""
    values = np.arange(count, dtype=float)
    return (values / values.std(ddof=1)).tolist()


@pytest.mark.parametrize('count', [2, 3, 5, 10, 500])
def test_the_detectable_difference_has_a_power_of_80_percent(count):
    shift = detectable_difference(spread(count)) * count**0.5
    critical = stats.t.isf(0.025, count - 1)
    assert 1 - stats.nct.cdf(critical, count - 1, shift) == pytest.approx(0.8)


def test_the_detectable_difference_of_half_a_deviation_takes_34_pairs():
    """As tables of the paired t-test say, such as those of G*Power."""
    assert detectable_difference(spread(34)) < 0.5 < detectable_difference(spread(33))


def test_the_detectable_difference_grows_with_the_spread():
    values = np.array(spread(5))
    one = detectable_difference(values.tolist())
    assert detectable_difference((0.1 * values + 7).tolist()) == pytest.approx(0.1 * one)
    assert detectable_difference([0.25] * 5) == 0 and detectable_difference([0.1]) is None


def test_it_is_detected_about_as_often_as_it_says():
    difference = detectable_difference(spread(5))
    draws = np.random.default_rng(0).normal(difference, 1, (1000, 5))
    found = [paired_p_value(draw.tolist()) <= 0.05 for draw in draws]
    assert 0.75 <= np.mean(found) <= 0.85  # four standard errors: 0.05


def test_verdicts():
    ahead = [0.1, 0.12, 0.09, 0.11, 0.1]
    behind = [-value for value in ahead]
    assert verdict(ahead, 0.05) == 'ahead' and verdict(behind, 0.05) == 'behind'
    assert verdict(ahead, 0.051) == 'possibly ahead'
    assert verdict(behind, 0.051) == 'possibly behind'
    assert verdict(ahead, None) == 'possibly ahead'
    assert verdict([0.1, -0.12, 0.09, -0.11, 0.1], 0.01) == 'tie'
    assert verdict([0.1, 0.1, 0.1, 0.1], 0.01) == 'too few seeds'
    assert mean_interval([0.1] * 4) is None


def test_labels_that_a_score_needs():
    labels, scores = [10, 100, 1000], [0.2, 0.4, 0.8]
    assert labels_to_reach(0.1, labels, scores) == ('at most', 10)
    assert labels_to_reach(0.2, labels, scores) == ('at most', 10)
    kind, count = labels_to_reach(0.3, labels, scores)
    assert kind == 'about' and count == pytest.approx(10**1.5)
    assert labels_to_reach(0.8, labels, scores) == ('about', pytest.approx(1000))
    assert labels_to_reach(0.9, labels, scores) == ('more than', 1000)


def test_a_curve_that_falls_is_crossed_where_it_first_rises():
    kind, count = labels_to_reach(0.35, [1, 10, 100], [0.3, 0.2, 0.5])
    assert kind == 'about' and count == pytest.approx(10**1.5)
