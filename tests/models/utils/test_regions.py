import numpy as np
import pytest
import torch
import torch.nn.functional as F

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.geometry import (
    crop_resize_matrix,
    flip_matrix,
    map_points,
    rotate90_matrix,
)
from glcnet_plugin.models.utils import pool_regions, sample_regions


def random_views(count, size, seed=0, low=0.55):
    """Matrices of random crops, flips and turns of a 256 px tile; (count, 2, 3, 3)."""
    rng = np.random.default_rng(seed)
    matrices = []
    for _ in range(2 * count):
        w, h = rng.uniform(low, 0.9, 2) * 256
        x, y = rng.uniform(0, 256 - w), rng.uniform(0, 256 - h)
        matrix = crop_resize_matrix(x, y, w, h, size, size)
        if rng.random() < 0.5:
            matrix = flip_matrix('horizontal', size, size) @ matrix
        matrices.append(rotate90_matrix(int(rng.integers(4)), size, size) @ matrix)
    return torch.tensor(np.array(matrices)).view(count, 2, 3, 3)


def centres(boxes):
    return (boxes[..., :2] + boxes[..., 2:]) / 2


# sample_regions ---------------------------------------------------------------------------


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_centres_show_the_same_ground(dtype):
    matrices = random_views(50, 224).to(dtype)
    boxes, valid = sample_regions(matrices, 224, 4, 48)
    assert boxes.shape == (50, 2, 4, 4) and valid.shape == (50, 4) and valid.all()
    ground = map_points(torch.linalg.inv(matrices), centres(boxes))  # (B, 2, K, 2)
    tolerance = 1e-3 if dtype == torch.float32 else 1e-9
    assert (ground[:, 0] - ground[:, 1]).abs().max() < tolerance


def test_autocast_does_not_move_regions():
    matrices = random_views(20, 224).float()
    drawn = []
    for enabled in (False, True):
        generator = torch.Generator().manual_seed(0)
        with torch.autocast('cpu', torch.bfloat16, enabled=enabled):
            drawn.append(sample_regions(matrices, 224, 4, 48, generator))
    torch.testing.assert_close(drawn[0], drawn[1], rtol=0, atol=0)


def test_boxes_are_squares_inside_both_views():
    boxes, _ = sample_regions(random_views(50, 224), 224, 4, 48)
    torch.testing.assert_close(boxes[..., 2:] - boxes[..., :2], torch.full_like(boxes[..., 2:], 48))
    assert boxes.min() > -0.02 and boxes.max() < 224.02


def test_no_centre_lies_in_another_box_of_view_1_while_there_is_room():
    boxes, _ = sample_regions(torch.eye(3).repeat(100, 2, 1, 1), 224, 4, 48)
    points = centres(boxes)[:, 0]  # (B, K, 2)
    apart = (points[:, :, None] - points[:, None]).abs().amax(-1)  # (B, K, K)
    assert apart[:, ~torch.eye(4, dtype=bool)].min() >= 24


def test_centres_cover_the_common_ground_evenly():
    boxes, _ = sample_regions(torch.eye(3).repeat(4000, 2, 1, 1), 100, 1, 20)
    points = centres(boxes)[:, 0, 0]  # uniform on [10, 90]
    assert (points.mean(0) - 50).abs().max() < 1.5  # standard error 0.37
    assert (points.std(0) - 80 / 12**0.5).abs().max() < 1.0


def test_general_affine_views_are_respected():
    angle = torch.tensor(0.5)
    turn = torch.eye(3)
    turn[:2, :2] = torch.stack(
        [torch.stack([angle.cos(), -angle.sin()]), torch.stack([angle.sin(), angle.cos()])]
    )
    to_middle = torch.tensor([[1.0, 0, -50], [0, 1, -50], [0, 0, 1]])
    view2 = torch.linalg.inv(to_middle) @ turn @ to_middle
    boxes, valid = sample_regions(torch.stack([torch.eye(3), view2])[None], 100, 4, 20)
    assert valid.all()
    mapped = map_points(view2, centres(boxes)[0, 0])
    torch.testing.assert_close(mapped, centres(boxes)[0, 1], atol=1e-3, rtol=0)
    assert centres(boxes).min() >= 9.9 and centres(boxes).max() <= 90.1


def test_aligned_boxes_cover_the_same_ground():
    matrices = random_views(50, 224)
    boxes, valid = sample_regions(matrices, 224, 4, 48, ground_aligned=True)
    assert valid.any(1).all()
    corners = boxes.unflatten(-1, (2, 2))  # (B, 2, K, 2 corners, 2)
    ground = map_points(torch.linalg.inv(matrices), corners.flatten(2, 3)).unflatten(2, (4, 2))
    lower, upper = ground.amin(3), ground.amax(3)  # (B, 2, K, 2)
    torch.testing.assert_close(lower[:, 0], lower[:, 1])
    torch.testing.assert_close(upper[:, 0], upper[:, 1])
    assert boxes[valid.nonzero()[:, 0], :, valid.nonzero()[:, 1]].min() > -0.02
    # the first view keeps squares of the size asked for
    sides = boxes[:, 0, :, 2:] - boxes[:, 0, :, :2]
    torch.testing.assert_close(sides, torch.full_like(sides, 48))


def test_aligned_boxes_that_do_not_fit_the_other_view_are_masked():
    matrices = torch.eye(3).repeat(1, 2, 1, 1)
    matrices[:, 1, [0, 1], [0, 1]] = 3.0  # 48 px would be 144 of 100
    valid = sample_regions(matrices, 100, 2, 48, ground_aligned=True)[1]
    assert not valid.any()
    assert sample_regions(matrices, 100, 1, 20, ground_aligned=True)[1].all()


def test_no_overlap_gives_invalid_boxes_inside_the_view():
    left = crop_resize_matrix(0, 0, 100, 100, 100, 100)
    right = crop_resize_matrix(120, 0, 100, 100, 100, 100)
    boxes, valid = sample_regions(torch.tensor(np.array([[left, right]])), 100, 3, 30)
    assert not valid.any() and (centres(boxes) == 50).all()


def test_more_regions_than_room_are_told_apart_or_masked():
    one_place = torch.eye(3).repeat(2, 2, 1, 1)
    _, valid = sample_regions(one_place, 64, 4, 64)  # a region fills the view
    assert valid.tolist() == [[True, False, False, False]] * 2
    boxes, valid = sample_regions(one_place, 64, 32, 48)  # room for overlapping ones only
    for places, flags in zip(centres(boxes)[:, 0], valid, strict=True):
        kept = places[flags]
        apart = (kept[:, None] - kept).abs().amax(-1)
        assert flags.sum() > 16 and apart[~torch.eye(len(kept), dtype=bool)].min() >= 1


def test_generator_decides_the_draw():
    matrices = random_views(3, 64)
    draws = [
        sample_regions(matrices, 64, 4, 12, torch.Generator().manual_seed(seed))[0]
        for seed in (1, 1, 2)
    ]
    assert torch.equal(draws[0], draws[1]) and not torch.equal(draws[0], draws[2])


@pytest.mark.parametrize(('count', 'size'), [(4, 0), (4, 65), (0, 8)])
def test_impossible_regions_are_refused(count, size):
    with pytest.raises(ConfigError, match=f'got {size if count else 0}'):
        sample_regions(torch.eye(3).repeat(1, 2, 1, 1), 64, count, size)


# pool_regions -----------------------------------------------------------------------------


def test_pooling_reproduces_the_official_code(official):
    result = pool_regions(
        torch.from_numpy(official['local_in']),
        torch.from_numpy(official['local_boxes_xyxy_exclusive']).float(),
        int(official['local_input_size']),
        align_corners=True,
    )
    np.testing.assert_allclose(result.numpy(), official['local_out'], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize('align_corners', [False, True])
@pytest.mark.parametrize(('cells', 'pixels'), [((7, 9), (61, 83)), ((16, 16), (16, 16))])
def test_pooling_equals_upsampling_then_averaging(cells, pixels, align_corners):
    x = torch.rand(2, 3, *cells, dtype=torch.float64)
    boxes = torch.tensor([[[0, 0, 5, 7], [3, 2, 16, 13]], [[1, 1, 2, 2], [0, 0, 16, 16]]])
    big = F.interpolate(x, pixels, mode='bilinear', align_corners=align_corners)
    expected = torch.stack([
        torch.stack([big[n, :, y0:y1, x0:x1].mean((1, 2)) for x0, y0, x1, y1 in boxes[n]])
        for n in range(2)
    ])  # fmt: skip
    torch.testing.assert_close(pool_regions(x, boxes, pixels, align_corners), expected)


def test_cut_pixels_count_by_their_share():
    x = torch.tensor([[[[1.0, 5.0, 9.0]]]])  # one row of three pixels, not resized
    boxes = torch.tensor([[[0.5, 0.0, 1.5, 1.0], [0.25, 0.0, 1.0, 1.0], [2.0, 0.0, 9.0, 1.0]]])
    assert pool_regions(x, boxes, (1, 3)).flatten().tolist() == [3.0, 1.0, 9.0]


def test_boxes_outside_the_view_give_zero_and_no_nan():
    result = pool_regions(torch.ones(1, 2, 4, 4), torch.tensor([[[-9.0, -9.0, -5.0, -5.0]]]), 8)
    assert (result == 0).all()


def test_pooling_gradient():
    x = torch.rand(1, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    boxes = torch.tensor([[[0.3, 1.2, 6.1, 7.0]]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: pool_regions(x, boxes, 9), (x,))


@pytest.mark.parametrize('layout', [torch.contiguous_format, torch.channels_last])
def test_pooling_keeps_the_layout_of_the_map(layout):
    x = torch.randn(2, 3, 8, 6)
    boxes = torch.tensor([[[2.5, 0, 14, 11], [4, 4, 9, 20]]]).repeat(2, 1, 1)
    expected = pool_regions(x, boxes, (32, 24))
    same = x.to(memory_format=layout).requires_grad_()
    pooled = pool_regions(same, boxes, (32, 24))
    torch.testing.assert_close(pooled, expected)
    pooled.sum().backward()
    assert same.grad.is_contiguous(memory_format=layout)


def test_pooling_runs_in_float32_under_autocast():
    x, boxes = torch.rand(1, 2, 4, 4), torch.tensor([[[0.0, 0.0, 5.0, 5.0]]])
    with torch.autocast('cpu', torch.bfloat16):
        result = pool_regions(x, boxes, 8)
    assert result.dtype == torch.float32
    torch.testing.assert_close(result, pool_regions(x, boxes, 8))


def test_wrong_boxes_are_named():
    with pytest.raises(ConfigError, match=r'N = 2 maps, got \(1, 4, 4\)'):
        pool_regions(torch.rand(2, 3, 4, 4), torch.rand(1, 4, 4), 8)
