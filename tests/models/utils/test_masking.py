import pytest
import torch

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.models.utils.masking import draw_holes, error_in_and_out


def test_one_hole_is_one_square():
    mask = draw_holes((50, 9, 12), 1, 4)
    assert mask.shape == (50, 1, 9, 12) and mask.dtype == torch.bool
    for image in mask[:, 0]:
        rows, columns = image.any(1).nonzero()[:, 0], image.any(0).nonzero()[:, 0]
        assert rows.tolist() == list(range(rows[0], rows[0] + 4))
        assert columns.tolist() == list(range(columns[0], columns[0] + 4))
        assert image.sum() == 16


def test_holes_are_the_union_of_squares_at_the_drawn_places():
    mask = draw_holes((3, 20, 30), 5, 6, generator=torch.Generator().manual_seed(7))
    generator = torch.Generator().manual_seed(7)
    top = torch.randint(15, (3, 5, 1), generator=generator)
    left = torch.randint(25, (3, 5, 1), generator=generator)
    expected = torch.zeros(3, 1, 20, 30, dtype=torch.bool)
    for n in range(3):
        for k in range(5):
            y, x = int(top[n, k]), int(left[n, k])
            expected[n, 0, y : y + 6, x : x + 6] = True
    assert torch.equal(mask, expected)


def test_every_place_is_drawn():
    """A 2 px hole in 4 px: corners lie in 1 of 9 squares, the middle in 4 of 9."""
    share = draw_holes((20000, 4, 4), 1, 2).float().mean(0)[0]
    expected = torch.tensor([1.0, 2.0, 2.0, 1.0])
    torch.testing.assert_close(share, expected[:, None] * expected / 9, atol=0.02, rtol=0)


def test_autocast_does_not_change_the_mask():
    plain = draw_holes((2, 16, 16), 20, 3, generator=torch.Generator().manual_seed(1))
    with torch.autocast('cpu', torch.bfloat16):
        mixed = draw_holes((2, 16, 16), 20, 3, generator=torch.Generator().manual_seed(1))
    assert torch.equal(plain, mixed)


@pytest.mark.parametrize('size', [0, 17])
def test_hole_that_does_not_fit(size):
    with pytest.raises(ConfigError, match=f'1..16.*16x20 views.*got {size}: use smaller holes'):
        draw_holes((1, 16, 20), 1, size)


def test_no_holes():
    with pytest.raises(ConfigError, match='num_holes must be at least 1, got 0'):
        draw_holes((1, 16, 16), 0, 4)


def test_errors_are_means_of_their_pixels():
    target, output = torch.rand(2, 3, 5, 5), torch.rand(2, 3, 5, 5)
    mask = torch.rand(2, 1, 5, 5) > 0.7
    inside, outside = error_in_and_out(output, target, mask)
    squared = (output - target) ** 2
    everywhere = mask.expand_as(squared)
    torch.testing.assert_close(inside, squared[everywhere].mean())
    torch.testing.assert_close(outside, squared[~everywhere].mean())


def test_nothing_left_outside():
    image = torch.rand(1, 3, 4, 4)
    inside, outside = error_in_and_out(image + 2, image, torch.ones(1, 1, 4, 4).bool())
    assert inside.item() == pytest.approx(4) and outside.item() == 0


def test_half_precision_is_summed_in_full():
    """The mean of 300 * 300 ones overflows float16 as a sum."""
    ones = torch.ones(1, 1, 300, 300).half()
    inside, _ = error_in_and_out(ones, 0 * ones, torch.ones(1, 1, 300, 300).bool())
    assert inside.dtype == torch.float32 and inside.item() == 1
