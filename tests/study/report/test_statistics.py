import itertools

import numpy as np
import pytest
from scipy import stats

from glcnet_plugin.study.report.statistics import labels_to_reach, mean_interval, verdict


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


def test_verdicts():
    assert verdict([0.1, 0.12, 0.09, 0.11, 0.1]) == 'ahead'
    assert verdict([-0.1, -0.12, -0.09, -0.11, -0.1]) == 'behind'
    assert verdict([0.1, -0.12, 0.09, -0.11, 0.1]) == 'tie'
    assert verdict([0.1, 0.1, 0.1, 0.1]) == 'too few seeds'
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
