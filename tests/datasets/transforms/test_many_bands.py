import cv2
import numpy as np
import pytest
from mmcv.transforms import RandomFlip
from mmpretrain.datasets.transforms import RandomResizedCrop

from glcnet_plugin.datasets.transforms.many_bands import ManyBandsMixin, by_groups_of_bands


class Crop(ManyBandsMixin, RandomResizedCrop):
    pass


class Flip(ManyBandsMixin, RandomFlip):
    pass


@pytest.mark.parametrize('bands', [1, 3, 128, 129, 200])
def test_a_function_of_opencv_treats_all_bands_alike(bands):
    image = np.random.rand(9, 8, bands).astype(np.float32)
    blurred = by_groups_of_bands(lambda part: cv2.GaussianBlur(part, (3, 3), 0), image)
    assert blurred.shape == image.shape
    for band in {0, bands // 2, bands - 1}:
        one = np.ascontiguousarray(image[..., band])
        np.testing.assert_allclose(blurred[..., band], cv2.GaussianBlur(one, (3, 3), 0), atol=1e-6)


@pytest.mark.parametrize('transform', [Crop(7), Flip(prob=0.5)], ids=['crop', 'flip'])
def test_all_groups_of_bands_get_the_same_draw(transform):
    band = np.random.rand(12, 10).astype(np.float32)
    image = np.repeat(band[..., None], 300, axis=2)
    for seed in range(5):
        np.random.seed(seed)
        few = transform({'img': image[..., :3]})
        after = np.random.rand()
        np.random.seed(seed)
        many = transform({'img': image})
        assert np.random.rand() == after  # the draws of later steps stay the same, too
        expected = np.repeat(few['img'][..., :1], 300, axis=2)
        np.testing.assert_allclose(many['img'], expected, atol=1e-6)
        assert many['img_shape'][:2] == many['img'].shape[:2]
