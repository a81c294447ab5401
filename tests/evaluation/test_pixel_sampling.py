import numpy as np
import torch

from glcnet_plugin.evaluation.pixel_sampling import pixels_per_tile, sample_pixels

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
