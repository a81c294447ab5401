import numpy as np
import torch

from glcnet_plugin.evaluation.pixel_sampling import (
    pixels_per_tile,
    sample_labelled,
    sample_pixels,
    sample_sparse,
)

OLD = [[2, 24], [63, 63], [41, 50], [49, 47]]  # drawn by the code of version 0.1


def test_pixels_are_the_same_whenever_drawn():
    mask = np.arange(20 * 30).reshape(20, 30)
    points, labels = sample_pixels(mask, 'tile', 50)
    torch.rand(3), np.random.rand(3)
    again, _ = sample_pixels(mask, 'tile', 50)
    more, more_labels = sample_pixels(mask, 'tile', 80)
    other, _ = sample_pixels(mask, 'b', 50)
    np.testing.assert_array_equal(points, again)
    np.testing.assert_array_equal(points, more[:50])
    np.testing.assert_array_equal(labels, more_labels[:50])
    assert not np.array_equal(points, other)


def test_pixels_lie_in_the_image_and_carry_their_class():
    mask = np.arange(20 * 30).reshape(20, 30)
    (x, y), labels = (part.T for part in sample_pixels(mask, 'tile', 5000))
    assert (x.min(), x.max(), y.min(), y.max()) == (0, 29, 0, 19)
    np.testing.assert_array_equal(labels, 30 * y + x)
    assert np.bincount(labels, minlength=600).std() < 4  # evenly: 8.3 each


def test_the_draws_of_earlier_studies_stay():
    """Results of studies depend on them."""
    points, labels = sample_pixels(np.eye(64, dtype=np.uint8), 's000_0000_0000', 4)
    assert points.tolist() == OLD
    assert labels.tolist() == [int(x == y) for x, y in OLD]


def test_the_fewer_tiles_the_more_pixels_of_each():
    assert [pixels_per_tile(tiles) for tiles in (1, 16, 17, 64, 6400, 9000)] == [
        400, 400, 376, 100, 1, 1,
    ]  # fmt: skip
    assert pixels_per_tile(80, total=40_000, most=100) == 100


def test_a_tile_that_is_mostly_labelled_keeps_its_draws():
    mask = np.zeros((20, 30), np.int64)
    mask[:10] = 255  # a half
    points, labels = sample_pixels(mask, 'tile', 50)
    kept, classes = sample_labelled(mask, 'tile', 50)
    np.testing.assert_array_equal(kept, points[labels != 255])
    assert (classes == 0).all() and 0 < len(classes) < 50


def test_a_few_labelled_pixels_are_all_drawn():
    mask = np.full((200, 300), 255)
    mask[7, 3:6], mask[150, 299] = 1, 2
    points, classes = sample_labelled(mask, 'tile', 50)
    assert points.tolist() == [[3, 7], [4, 7], [5, 7], [299, 150]]
    assert classes.tolist() == [1, 1, 1, 2]
    assert sample_labelled(np.full((4, 4), 9), 'tile', 5, ignore_index=9)[0].shape == (0, 2)


def test_more_labelled_pixels_than_draws():
    mask = np.full((100, 100), 255)
    mask[:, 40:60] = np.arange(100)[:, None]
    points, classes = sample_labelled(mask, 'tile', 300)
    assert len(np.unique(points, axis=0)) == 300  # without replacement
    np.testing.assert_array_equal(classes, points[:, 1])
    assert points[:, 0].min() >= 40 and points[:, 0].max() < 60
    np.testing.assert_array_equal(sample_labelled(mask, 'tile', 300)[0], points)
    assert not np.array_equal(sample_labelled(mask, 'b', 300)[0], points)


def test_a_sparse_draw_begins_with_a_smaller_one_and_favours_no_row():
    mask = np.full((64, 64), 255, np.uint8)
    mask[:20] = 1
    points, classes = sample_sparse(mask, 'tile', 300)
    assert len(points) == 300 and set(classes) == {1}
    same = {tuple(point) for point in sample_labelled(mask, 'tile', 300)[0]}
    assert {tuple(point) for point in points} == same
    assert 8 < points[:60, 1].mean() < 11  # of rows 0 to 19
