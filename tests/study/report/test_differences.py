import pytest

from glcnet_plugin.study.report.differences import Difference


def test_a_difference_is_judged_by_its_values_and_the_adjusted_p_value():
    one = Difference('random', [0.1, 0.12, 0.09, 0.11, 0.08], adjusted=0.04)
    assert one.mean == pytest.approx(0.1) and one.verdict == 'ahead'
    low, high = one.interval
    assert 0.08 < low < 0.1 < high < 0.12
    # t = 0.1 / (0.0158 / sqrt(5)) = 14.1; the table of 4 degrees ends at 8.61 for p = 0.001
    assert one.p_value < 0.001
    # the critical 2.78 plus the 80 % point of about a normal variable, 0.84, at the least
    assert one.detectable > (2.776 + 0.84) * 0.0158 / 5**0.5


def test_a_single_seed_tells_no_difference():
    one = Difference('random', [0.1])
    assert (one.interval, one.p_value, one.detectable) == (None, None, None)
    assert one.verdict == 'too few seeds'
