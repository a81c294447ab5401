from colorsys import hsv_to_rgb, rgb_to_hsv

import cv2
import numpy as np
import pytest

from glcnet_plugin.datasets.transforms import photometric_base
from glcnet_plugin.datasets.transforms.photometric import (
    RandomBandCopy,
    RandomBrightnessContrast,
    RandomGaussianBlur,
    RandomHSVShift,
    RandomPixelNoise,
)
from glcnet_plugin.errors import ConfigError

TRANSFORMS = [
    RandomHSVShift(bands=(0, 1, 2), prob=1.0),
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
    top = 255 if dtype == np.uint8 else image.max()
    # integers stay within their type; other values may leave the range by the largest change
    margin = 0 if dtype == np.uint8 else 0.2 * top
    before = image.copy()
    for _ in range(20):
        changed = transform({'img': image})['img']
        assert changed.shape == image.shape and changed.dtype == dtype
        low = -margin if dtype == np.float32 else 0
        assert changed.min() >= low and changed.max() <= top + margin
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


def test_noise_is_a_draw_for_each_value_on_its_own():
    """As when each value of the image had its own random number, to five standard errors."""
    side, share, draws = 20, 0.1, 400
    image = np.zeros((side, side, 2), np.float32)
    sample, step = {'value_range': (1.0, 3.0)}, RandomPixelNoise(share, prob=1.0)
    changed = np.stack([step({'img': image, **sample})['img'] for _ in range(draws)])
    hit = changed > 0
    error = 5 * np.sqrt(share * (1 - share) / draws)
    assert np.abs(hit.mean(0) - share).max() < error  # of each place
    numbers = hit.sum((1, 2, 3))  # binomial
    assert numbers.var() == pytest.approx(image.size * share * (1 - share), rel=0.35)
    both = (hit[..., 0] & hit[..., 1]).mean()
    assert both == pytest.approx(share**2, abs=5 * share / np.sqrt(draws * side**2))
    assert changed[hit].mean() == pytest.approx(2.0, abs=0.02)
    assert changed[hit].std() == pytest.approx(2 / np.sqrt(12), abs=0.02)


@pytest.mark.parametrize('share', [0, 1])
def test_noise_on_no_value_or_on_each(share):
    sample = {'img': np.full((9, 9, 2), -1, np.float32), 'value_range': (0.0, 1.0)}
    assert ((RandomPixelNoise(share, prob=1.0)(sample)['img'] >= 0) == share).all()


def test_noise_follows_the_seed():
    image, step, results = picture(3, np.uint8), RandomPixelNoise(0.1, prob=1.0), []
    for seed in (1, 1, 2):
        np.random.seed(seed)
        results.append(step({'img': image})['img'])
    np.testing.assert_array_equal(results[0], results[1])
    assert (results[0] != results[2]).any()


@pytest.mark.parametrize('turn', [-359, -180, -60, -1, 0, 60, 200, 359])
def test_hue_is_an_angle_for_all_colours(monkeypatch, turn):
    """Against Python's own conversion of colours."""
    monkeypatch.setattr(np.random, 'uniform', lambda low, high: np.array([turn, 0.0, 0.0]))
    image = picture(3, np.uint8, top=256)
    changed = RandomHSVShift(prob=1.0)({'img': image})['img']
    expected = [
        [round(255 * v) for v in hsv_to_rgb((h + turn / 360) % 1, s, v)]
        for h, s, v in (rgb_to_hsv(*(pixel / 255)) for pixel in image.reshape(-1, 3))
    ]
    assert np.abs(changed.reshape(-1, 3).astype(int) - expected).max() <= 1


def test_colours_among_many_bands():
    image = picture(200, np.uint8)
    changed = RandomHSVShift(bands=(0, 150, 199), prob=1.0)({'img': image})['img']
    np.testing.assert_array_equal(changed[..., 1:150], image[..., 1:150])
    np.random.seed(3)
    alone = RandomHSVShift(prob=1.0)({'img': np.ascontiguousarray(image[..., [0, 150, 199]])})
    np.random.seed(3)
    changed = RandomHSVShift(bands=(0, 150, 199), prob=1.0)({'img': image})['img']
    np.testing.assert_array_equal(changed[..., [0, 150, 199]], alone['img'])


def test_band_copy_copies_one_of_the_bands():
    image = picture(5, np.uint8)
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
        (
            lambda: RandomHSVShift(bands=range(3), prob=1.0)({'img': picture(2, np.uint8)}),
            'image has 2',
        ),
        (
            lambda: RandomBrightnessContrast(prob=1.0)(
                {'img': picture(2, np.float32), 'value_range': [[0] * 3, [1] * 3]}
            ),
            'of 3 bands, the image has 2',
        ),
    ],
)
def test_bad_settings(build, message):
    with pytest.raises(ConfigError, match=message):
        build()


def formerly(transform, image):
    """The arithmetic for uint8 before other types had a range of their own."""
    if isinstance(transform, RandomHSVShift):
        rgb = np.ascontiguousarray(image[..., :3], dtype=np.float32) / np.float32(255)
        hsv = cv2.cvtColor(np.clip(rgb, 0, 1), cv2.COLOR_RGB2HSV)
        hsv += np.random.uniform(-transform.limits, transform.limits).astype(np.float32)
        hsv[..., 0] %= 360
        np.clip(hsv[..., 1:], 0, 1, out=hsv[..., 1:])
        changed = image.copy()
        values = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255.0
        changed[..., :3] = np.rint(np.clip(values, 0, 255)).astype(np.uint8)
        return changed
    if isinstance(transform, RandomBrightnessContrast):
        bands, limit = image.shape[2], transform.limit
        gain = 1 + np.random.uniform(-limit, limit, (bands,)).astype(np.float32)
        shift = 255.0 * np.random.uniform(-limit, limit, (bands,)).astype(np.float32)
        mean = image.mean((0, 1), dtype=np.float32)
        values = (image - mean) * gain + mean + shift
        return np.rint(np.clip(values, 0, 255)).astype(np.uint8)
    if isinstance(transform, RandomBandCopy):
        band = np.random.randint(image.shape[2])
        return np.repeat(image[..., band : band + 1], image.shape[2], axis=2)
    size = int(np.random.choice(transform.kernel_sizes))
    return cv2.GaussianBlur(image, (size, size), 0).reshape(image.shape)


EXACT = [step for step in TRANSFORMS if not isinstance(step, RandomPixelNoise)]  # draws otherwise


@pytest.mark.parametrize('transform', EXACT, ids=lambda t: type(t).__name__)
@pytest.mark.parametrize('bands', [3, 4])
def test_eight_bit_images_are_changed_as_ever_to_the_last_bit(transform, bands):
    image = picture(bands, np.uint8, top=256)
    for seed in range(5):
        np.random.seed(seed)
        changed, after = transform({'img': image})['img'], np.random.rand()
        np.random.seed(seed)
        np.random.rand()  # whether to apply it
        np.testing.assert_array_equal(changed, formerly(transform, image))
        assert np.random.rand() == after


def decibels(height=60, width=50, bands=3):
    """Backscatter of fields in three bands, -25 to 0 dB."""
    rng = np.random.default_rng(1)
    fields = np.kron(rng.uniform(-22, -4, (height // 10, width // 10, bands)), np.ones((10, 10, 1)))
    return (fields + rng.normal(0, 1, (height, width, bands))).astype(np.float32)


STEPS = [RandomHSVShift(bands=(0, 1, 2), prob=1.0), *TRANSFORMS[1:]]
FACTORS = np.array([2.0, 0.25, 1000.0], np.float32)
OFFSETS = np.array([-7.0, 3.0, 250.0], np.float32)


@pytest.mark.parametrize('known', [True, False], ids=['range of the data', 'of the image'])
@pytest.mark.parametrize('step', STEPS, ids=lambda t: type(t).__name__)
def test_a_step_does_the_same_in_any_unit(step, known):
    image = decibels()
    for seed in range(5):
        results = []
        for factors, offsets in ((1, 0), (FACTORS, OFFSETS)):
            sample = {'img': image * factors + offsets}
            if known:
                sample['value_range'] = np.array([-25.0, 0.0])[:, None] * factors + (
                    np.zeros(3) + offsets
                )
            np.random.seed(seed)
            results.append(step(sample)['img'])
        span = 25 * FACTORS
        difference = results[1] - (results[0] * FACTORS + OFFSETS)
        assert np.abs(difference / span).max() < 2e-4
        assert (results[0] != image).any()


@pytest.mark.parametrize('step', STEPS, ids=lambda t: type(t).__name__)
def test_negative_values_are_not_clipped(step):
    image = decibels()
    for _ in range(50):
        changed = step({'img': image, 'value_range': (-25.0, 0.0)})['img']
        assert changed.min() < -15
        if not isinstance(step, RandomGaussianBlur):  # lowers the contrast, as it should
            assert changed.std((0, 1)).min() > 0.85 * image.std((0, 1)).min()


@pytest.mark.parametrize('index', [0, 1], ids=lambda i: type(STEPS[i]).__name__)
def test_a_bright_pixel_does_not_change_the_shift(index):
    image = np.random.default_rng(0).normal(100, 20, (128, 125, 3)).astype(np.float32)
    bright = image.copy()
    bright[5, 5] = 10_000
    changes = []
    for picture_ in (image, bright):
        np.random.seed(3)
        change = STEPS[index]({'img': picture_})['img'] - picture_
        changes.append(np.delete(change.reshape(-1, 3), 5 * 125 + 5, axis=0))
    # 0.05 is the shift of the mean of the image by that pixel
    assert np.abs(changes[1] - changes[0]).max() < 0.1
    assert np.abs(changes[0]).max() > 1


def test_colours_are_shifted_only_in_bands_that_are_known_as_such(monkeypatch):
    said = []
    monkeypatch.setattr(photometric_base, 'print_log', lambda text, **_: said.append(text))
    shift = RandomHSVShift(prob=1.0)
    radar = decibels()
    for _ in range(3):
        sample = shift({'img': radar, 'colour_bands': None, 'img_path': 'sar.tif'})
        assert sample['img'] is radar
    assert len(said) == 1 and 'no bands of sar.tif are known as red, green and blue' in said[0]
    assert 'band_names' in said[0]
    assert RandomHSVShift(prob=1.0)({'img': radar})['img'] is radar  # of another loader
    for sample in (
        {'img': picture(5, np.float32), 'colour_bands': [3, 1, 0]},
        {'img': picture(5, np.uint8), 'colour_bands': [3, 1, 0]},
    ):
        changed = RandomHSVShift(prob=1.0)(dict(sample))['img']
        moved = (changed != sample['img']).any((0, 1)).tolist()
        assert moved == [True, True, False, True, False]
    assert (shift({'img': picture(3, np.uint8)})['img'] != picture(3, np.uint8)).any()


def test_images_without_a_range_are_told_once(monkeypatch):
    said = []
    monkeypatch.setattr(photometric_base, 'print_log', lambda text, **_: said.append(text))
    step = RandomBrightnessContrast(prob=1.0)
    for _ in range(3):
        step({'img': picture(3, np.float32), 'img_path': 'a.tif'})
    assert len(said) == 1 and 'such as a.tif' in said[0]
    RandomBrightnessContrast(prob=1.0)({'img': picture(3, np.uint8)})
    RandomBrightnessContrast(prob=1.0)({'img': picture(3, np.float32), 'value_range': (0, 2.5)})
    assert len(said) == 1


def test_a_band_is_copied_into_the_range_of_the_others():
    """Backscatter in dB and heights in metres."""
    image = np.stack([np.full((4, 4), -20.0), np.full((4, 4), 500.0)], -1).astype(np.float32)
    image[0] = -10, 1500
    span = np.array([[-25.0, 0.0], [0.0, 2000.0]])  # low, high
    seen = set()
    for _ in range(20):
        changed = RandomBandCopy(prob=1.0)({'img': image, 'value_range': span})['img']
        seen.add(tuple(round(float(value), 4) for value in changed[0, 0]))
    # -10 dB is 60 % of its range, 1500 m are 75 %
    assert seen == {(-10.0, 1200.0), (-6.25, 1500.0)}


def test_noise_comes_from_the_range_of_each_band():
    image = np.stack([np.full((200, 200), -12.0), np.full((200, 200), 500.0)], -1)
    image = image.astype(np.float32)
    span = np.array([[-25.0, 0.0], [0.0, 2000.0]])
    changed = RandomPixelNoise(share=0.5, prob=1.0)({'img': image, 'value_range': span})['img']
    low, high = changed.min((0, 1)), changed.max((0, 1))
    assert (low >= span[0]).all() and (high <= span[1]).all()
    assert (low < [-24.9, 10]).all() and (high > [-0.1, 1990]).all()


def test_blur_of_many_bands():
    image = picture(200, np.float32)
    changed = RandomGaussianBlur([5], prob=1.0)({'img': image})['img']
    for band in (0, 127, 128, 199):
        one = np.ascontiguousarray(image[..., band])
        expected = cv2.GaussianBlur(one, (5, 5), 0)
        np.testing.assert_allclose(changed[..., band], expected, atol=1e-5)
