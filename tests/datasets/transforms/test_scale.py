import numpy as np
import pytest
from mmcv.transforms import RandomResize

from glcnet_plugin.datasets.transforms.scale import RandomScale
from glcnet_plugin.errors import ConfigError


def sample(height, width, bands=3, dtype=np.uint8):
    image = np.random.default_rng(0).integers(0, 255, (height, width, bands)).astype(dtype)
    return dict(img=image, gt_seg_map=image[..., 0] % 5, seg_fields=['gt_seg_map'])


@pytest.mark.parametrize('size', [(200, 200), (600, 400), (1000, 1000)])
def test_both_sides_are_scaled_by_a_factor_of_the_size_of_the_image(size):
    seen = []
    for _ in range(20):
        result = RandomScale((0.9, 1.1))(sample(*size))
        factors = np.divide(result['img'].shape[:2], size)
        assert factors.min() > 0.895 and factors.max() <= 1.1
        assert abs(factors[0] - factors[1]) < 1 / min(size)
        assert result['gt_seg_map'].shape == result['img'].shape[:2] == result['img_shape']
        assert set(np.unique(result['gt_seg_map'])) <= set(range(5))  # nearest neighbours
        seen.append(factors[0])
    assert min(seen) < 0.94 and max(seen) > 1.06


def test_on_tiles_of_256_px_it_is_what_mm_does_there():
    theirs = RandomResize((256, 256), ratio_range=(0.9, 1.1), keep_ratio=False)
    for seed in range(3):
        np.random.seed(seed)
        expected = theirs(sample(256, 256))
        np.random.seed(seed)
        result = RandomScale((0.9, 1.1))(sample(256, 256))
        np.testing.assert_array_equal(result['img'], expected['img'])
        np.testing.assert_array_equal(result['gt_seg_map'], expected['gt_seg_map'])


@pytest.mark.parametrize('bands', [1, 4, 200])
def test_any_number_of_bands(bands):
    result = RandomScale((0.5, 0.5))(sample(20, 10, bands))
    assert result['img'].shape == (10, 5, bands) and result['gt_seg_map'].shape == (10, 5)


@pytest.mark.parametrize('factors', [(0, 1), (1.1, 0.9), (1,)])
def test_bad_factors(factors):
    with pytest.raises(ConfigError, match=r'0 < smallest <= largest, got \('):
        RandomScale(factors)
