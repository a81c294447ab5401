import numpy as np
import pytest

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.geometry import window_starts
from glcnet_plugin.inference.windows import (
    blocks,
    check_overlap,
    inside,
    touching,
    window_weights,
)


@pytest.mark.parametrize('length', [1, 64, 65, 100, 160, 161, 1000])
@pytest.mark.parametrize(('window', 'overlap', 'margin'), [(64, 0, 0), (64, 16, 4), (64, 32, 0)])
def test_windows_cover_every_pixel_with_positive_weight(length, window, overlap, margin):
    starts = window_starts(length, window, window - overlap)
    assert starts[0] == 0 and starts == sorted(set(starts))
    covered = np.zeros(max(length, window))
    for start in starts:
        first, last = start == 0, start + window >= length
        covered[start : start + window] += window_weights(window, overlap, margin, first, last)
    assert covered[:length].min() > 0.49
    if len(starts) > 1:
        assert starts[-1] + window == length


def test_weights_of_neighbours_sum_to_one():
    first = window_weights(64, 16, 4, True, False)
    second = window_weights(64, 16, 4, False, True)
    assert first[-16:] + second[:16] == pytest.approx(np.ones(16))
    assert (first[:48] == 1).all() and (second[16:] == 1).all()


def test_pixels_near_the_side_of_a_neighbour_do_not_count():
    weights = window_weights(64, 16, 4, False, False)
    assert (weights[:4] == 0).all() and (weights[-4:] == 0).all()
    assert (weights[4:60] > 0).all()


def test_blocks_and_the_windows_that_touch_them():
    assert blocks(10, 4) == [(0, 4), (4, 8), (8, 10)]
    starts = window_starts(100, 40, 30)
    assert starts == [0, 30, 60]
    assert touching(starts, 40, (0, 30)) == [0]
    assert touching(starts, 40, (30, 61)) == [0, 30, 60]


@pytest.mark.parametrize(('window', 'overlap'), [(0, 0), (64, -1), (64, 33)])
def test_impossible_overlaps(window, overlap):
    with pytest.raises(ConfigError, match='window must be at least 1|overlap must lie'):
        check_overlap(window, overlap)


def test_where_a_window_and_a_block_meet():
    rows, columns, y, x = inside(((10, 20), (0, 50)), (5, 40), (8, 30))
    assert (rows, columns) == (slice(0, 3), slice(40, 50))
    assert (y, x) == (slice(5, 8), slice(0, 10))
