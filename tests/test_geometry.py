import numpy as np
import pytest
import torch

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.geometry import (
    crop_resize_matrix,
    flip_matrix,
    map_points,
    rotate90_matrix,
    size_pair,
    view_overlap,
    window_starts,
)


def apply(matrix, x, y):
    return (matrix @ [x, y, 1.0])[:2]


def test_crop_resize_sends_the_corners_of_the_box_to_those_of_the_view():
    matrix = crop_resize_matrix(10, 20, 50, 40, 100, 200)
    np.testing.assert_allclose(apply(matrix, 10, 20), [0, 0])
    np.testing.assert_allclose(apply(matrix, 60, 60), [100, 200])


@pytest.mark.parametrize('direction', ['horizontal', 'vertical', 'diagonal'])
def test_flip_matches_numpy_pixel_by_pixel(direction):
    image = np.arange(3 * 5).reshape(3, 5)
    flipped = {
        'horizontal': image[:, ::-1], 'vertical': image[::-1], 'diagonal': image[::-1, ::-1]
    }[direction]  # fmt: skip
    matrix = flip_matrix(direction, width=5, height=3)
    for y in range(3):
        for x in range(5):
            new_x, new_y = np.floor(apply(matrix, x + 0.5, y + 0.5)).astype(int)
            assert flipped[new_y, new_x] == image[y, x]


@pytest.mark.parametrize('turns', [-1, 0, 1, 2, 3, 4, 6])
def test_quarter_turn_matches_numpy_pixel_by_pixel(turns):
    image = np.arange(3 * 5).reshape(3, 5)
    turned = np.rot90(image, turns)
    matrix = rotate90_matrix(turns, width=5, height=3)
    for y in range(3):
        for x in range(5):
            new_x, new_y = np.floor(apply(matrix, x + 0.5, y + 0.5)).astype(int)
            assert turned[new_y, new_x] == image[y, x]


def test_unknown_direction_is_named():
    with pytest.raises(ConfigError, match='sideways'):
        flip_matrix('sideways', 4, 4)


def test_map_points_agrees_with_homogeneous_coordinates():
    matrix = torch.eye(3).repeat(2, 1, 1) + torch.tensor([[0.1, 0.2, 3.0], [0, 0.5, -1], [0, 0, 0]])
    points = torch.rand(2, 7, 2)
    homogeneous = torch.cat([points, torch.ones(2, 7, 1)], -1) @ matrix.mT
    torch.testing.assert_close(map_points(matrix, points), homogeneous[..., :2])


def test_size_pair():
    assert size_pair(4) == (4, 4) and size_pair((4, 6)) == (4, 6)


def test_overlap_of_known_crops():
    whole = crop_resize_matrix(0, 0, 100, 100, 50, 50)
    right = crop_resize_matrix(50, 0, 50, 100, 50, 50)
    left = crop_resize_matrix(0, 0, 50, 100, 50, 50)
    turned = rotate90_matrix(1, 50, 50) @ right
    pairs = torch.tensor(np.array([[whole, right], [left, right], [right, whole], [right, turned]]))
    torch.testing.assert_close(
        view_overlap(pairs, 50), torch.tensor([0.5, 0.0, 1.0, 1.0], dtype=torch.float64)
    )


@pytest.mark.parametrize(
    ('length', 'expected'),
    [(256, [0]), (512, [0, 256]), (600, [0, 256, 344]), (257, [0, 1]), (100, [0])],
)
def test_windows_cover_everything_and_never_stick_out(length, expected):
    assert window_starts(length, 256, 256) == expected


def test_windows_may_overlap():
    assert window_starts(100, 40, 30) == [0, 30, 60] and window_starts(101, 40, 30)[-1] == 61
