import cv2
import numpy as np
import pytest

from glcnet_plugin.datasets.transforms.photometric import (
    RandomBandCopy,
    RandomBrightnessContrast,
    RandomGaussianBlur,
    RandomHSVShift,
    RandomPixelNoise,
    full_scale,
)
from glcnet_plugin.errors import ConfigError

TRANSFORMS = [
    RandomHSVShift(prob=1.0),
    RandomBrightnessContrast(prob=1.0),
    RandomPixelNoise(share=0.1, prob=1.0),
    RandomBandCopy(prob=1.0),
    RandomGaussianBlur(prob=1.0),
]


def picture(bands, dtype, top=250):
    values = np.random.default_rng(0).integers(0, top, (24, 20, bands))
    return values.astype(dtype) if dtype != np.float32 else (values / 100).astype(dtype)


@pytest.mark.parametrize('transform', TRANSFORMS, ids=lambda t: type(t).__name__)
@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize('bands', [3, 4, 13])
def test_any_bands_any_type(transform, bands, dtype):
    image = picture(bands, dtype, top=250 if dtype == np.uint8 else 9000)
    before = image.copy()
    for _ in range(20):
        changed = transform({'img': image})['img']
        assert changed.shape == image.shape and changed.dtype == dtype
        assert changed.min() >= 0 and changed.max() <= full_scale(image) * (1 + 1e-6)
    assert (changed != image).any()
    np.testing.assert_array_equal(image, before)  # the views share the source image


@pytest.mark.parametrize('transform', TRANSFORMS[1:], ids=lambda t: type(t).__name__)
def test_one_band(transform):
    assert transform({'img': picture(1, np.uint8)})['img'].shape == (24, 20, 1)


@pytest.mark.parametrize('kind', [RandomHSVShift, RandomBandCopy, RandomGaussianBlur])
def test_probability_zero_changes_nothing(kind):
    image = picture(3, np.uint8)
    assert kind(prob=0.0)({'img': image})['img'] is image


def test_hsv_shift_of_zero_is_the_identity():
    image = picture(4, np.uint8)
    changed = RandomHSVShift(0, 0, 0, prob=1.0)({'img': image})['img']
    assert np.abs(changed.astype(int) - image).max() <= 1


def test_hsv_shift_turns_hue_around_the_circle(monkeypatch):
    monkeypatch.setattr(np.random, 'uniform', lambda low, high: high)  # the largest shift
    red = np.zeros((2, 2, 4), np.uint8)
    red[..., 0], red[..., 3] = 255, 77
    changed = RandomHSVShift(hue=60, saturation=0, value=0, prob=1.0)({'img': red})['img']
    assert changed[0, 0].tolist() == [0, 255, 0, 77]  # 120 degrees on; the fourth band stays
    changed = RandomHSVShift(hue=180, saturation=0, value=0, prob=1.0)({'img': red})['img']
    assert changed[0, 0].tolist() == [255, 0, 0, 77]  # once around


def test_hsv_shift_is_limited():
    image = np.full((4, 4, 3), (120, 90, 60), np.uint8)
    before = cv2.cvtColor(image, cv2.COLOR_RGB2HSV)[0, 0].astype(int)
    transform = RandomHSVShift(hue=30, saturation=5, value=15, prob=1.0)
    shifts = []
    for _ in range(200):
        after = cv2.cvtColor(transform({'img': image})['img'], cv2.COLOR_RGB2HSV)[0, 0]
        shift = after.astype(int) - before
        shift[0] = (shift[0] + 90) % 180 - 90
        shifts.append(np.abs(shift))
    largest = np.max(shifts, 0)
    assert (largest <= [31, 7, 16]).all() and (largest >= [25, 3, 12]).all()


def test_brightness_and_contrast_are_limited_per_band():
    image = np.full((8, 8, 2), 100, np.uint8)
    image[::2] = 120  # mean 110
    transform = RandomBrightnessContrast(limit=0.1, prob=1.0)
    for _ in range(100):
        changed = transform({'img': image})['img'].astype(float)
        contrast = (changed[0, 0] - changed[1, 0]) / 20
        assert (np.abs(changed.mean((0, 1)) - 110) <= 26).all()
        assert (np.abs(contrast - 1) <= 0.16).all()  # rounding of two values included


def test_noise_hits_the_wanted_share():
    image = np.zeros((300, 300, 2), np.uint8)
    changed = RandomPixelNoise(share=0.01, prob=1.0)({'img': image})['img']
    assert (changed > 0).mean() == pytest.approx(0.01, abs=0.001)


def test_band_copy_copies_one_of_the_bands():
    image = picture(5, np.uint16)
    seen = set()
    for _ in range(50):
        changed = RandomBandCopy(prob=1.0)({'img': image})['img']
        assert (changed == changed[..., :1]).all()
        seen.add(next(i for i in range(5) if (changed[..., 0] == image[..., i]).all()))
    assert seen == set(range(5))


def test_blur_keeps_the_mean_and_lowers_the_variance():
    image = picture(3, np.float32)
    changed = RandomGaussianBlur([7], prob=1.0)({'img': image})['img']
    assert changed.mean() == pytest.approx(image.mean(), rel=0.02)
    assert changed.std() < 0.5 * image.std()


@pytest.mark.parametrize(
    ('build', 'message'),
    [
        (lambda: RandomBandCopy(prob=2), 'got 2'),
        (lambda: RandomGaussianBlur([4]), r'got \(4,\)'),
        (lambda: RandomHSVShift(bands=[0, 1]), r'got \(0, 1\)'),
        (lambda: RandomHSVShift(prob=1.0)({'img': picture(2, np.uint8)}), 'image has 2'),
    ],
)
def test_bad_settings(build, message):
    with pytest.raises(ConfigError, match=message):
        build()
