import numpy as np
import pytest

from glcnet_plugin.datasets.transforms.tracked import (
    RandomRotate90,
    TrackedRandomCrop,
    TrackedRandomFlip,
    TrackedRandomResizedCrop,
)
from glcnet_plugin.errors import ConfigError, DataError


def ramp(height, width, bands=2, dtype=np.float32):
    """Image whose first two bands are the x and y of the pixel centres."""
    y, x = np.mgrid[:height, :width] + 0.5
    extra = [x + y] * (bands - 2)
    return np.stack([x, y, *extra][:bands], axis=-1).astype(dtype)


def largest_error(results, inner=0):
    """Greatest distance between what the ramp shows and what the matrix says, in source px.

    ``inner`` leaves a margin out, where resizing repeats the border.
    """
    view = results['img'].astype(np.float64)
    height, width = view.shape[:2]
    y, x = np.mgrid[inner : height - inner, inner : width - inner] + 0.5
    points = np.stack([x, y, np.ones_like(x)], -1) @ np.linalg.inv(results['view_matrix']).T
    shown = view[inner : height - inner, inner : width - inner, :2]
    return np.abs(shown - points[..., :2]).max()


@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize('size', [(101, 173), (96, 96), (250, 127)])
def test_whole_chain_is_where_the_matrix_says(size, dtype):
    chain = [
        TrackedRandomCrop(90),
        TrackedRandomResizedCrop(scale=(71, 57), crop_ratio_range=(0.4, 1.0)),
        TrackedRandomFlip(prob=[0.3, 0.3, 0.3], direction=['horizontal', 'vertical', 'diagonal']),
        RandomRotate90(0.9),
    ]
    for _ in range(60):
        results = {'img': ramp(*size, dtype=dtype)}
        for step in chain:
            results = step(results)
        # integers round the ramp down by half a pixel before anything moves
        offset = 0.5 if np.issubdtype(dtype, np.integer) else 0.0
        results['img'] = results['img'].astype(np.float64) + offset
        assert largest_error(results, inner=2) <= 0.5 + 2 * offset
        assert results['img_shape'] in ((71, 57), (57, 71))


@pytest.mark.parametrize('direction', ['horizontal', 'vertical', 'diagonal'])
def test_every_flip_is_exact(direction):
    results = TrackedRandomFlip(prob=1.0, direction=direction)({'img': ramp(7, 11)})
    assert largest_error(results) < 1e-5


def test_every_turn_is_exact_and_takes_label_maps_along(monkeypatch):
    for turns in range(4):
        transform = RandomRotate90()
        monkeypatch.setattr(transform, 'rand_turns', lambda turns=turns: turns)
        labels = np.arange(7 * 11).reshape(7, 11)
        results = transform({'img': ramp(7, 11), 'gt': labels, 'seg_fields': ['gt']})
        assert largest_error(results) < 1e-5
        np.testing.assert_array_equal(results['gt'], np.rot90(labels, turns))
        assert results['img_shape'] == ((7, 11) if turns % 2 == 0 else (11, 7))


@pytest.mark.parametrize('bands', [1, 3, 4, 5, 13, 200])
@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
def test_pixels_are_those_of_numpy(monkeypatch, bands, dtype):
    image = np.random.randint(0, 250, (7, 11, bands)).astype(dtype)
    copy = image.copy()
    axes = {'horizontal': 1, 'vertical': 0, 'diagonal': (0, 1)}
    for direction, axis in axes.items():
        flipped = TrackedRandomFlip(prob=1.0, direction=direction)({'img': image})['img']
        np.testing.assert_array_equal(flipped, np.flip(image, axis))
        assert flipped.flags.c_contiguous
    for turns in range(4):
        turn = RandomRotate90()
        monkeypatch.setattr(turn, 'rand_turns', lambda turns=turns: turns)
        turned = turn({'img': image})['img']
        np.testing.assert_array_equal(turned, np.rot90(image, turns))
        assert turned.flags.c_contiguous
    np.testing.assert_array_equal(image, copy)  # the views share it


def test_images_without_an_axis_of_bands_get_one():
    """As mmcv reads them with color_type='grayscale'."""
    image = np.random.randint(0, 250, (7, 11), np.uint8)
    for step in (TrackedRandomFlip(prob=1.0), RandomRotate90(prob=1.0), RandomRotate90(prob=0.0)):
        view = step({'img': image})['img']
        assert view.ndim == 3 and view.size == image.size


def test_recorded_numbers_are_the_used_ones_for_any_number_of_draws():
    # more draws than Python's recursion limit: mmcv's own cache fails here
    transform = TrackedRandomCrop(5)
    image = ramp(20, 20)
    for _ in range(1500):
        results = transform({'img': image})
        assert largest_error(results) < 1e-5


def test_resized_crop_without_resizing_is_exact():
    transform = TrackedRandomResizedCrop(
        scale=20, crop_ratio_range=(0.25, 0.25), aspect_ratio_range=(1.0, 1.0)
    )
    for _ in range(20):
        assert largest_error(transform({'img': ramp(40, 40)})) < 1e-3


@pytest.mark.parametrize('bands', [1, 3, 4, 13])
@pytest.mark.parametrize('dtype', [np.uint8, np.uint16, np.float32])
def test_bands_and_type_survive(bands, dtype):
    results = {'img': np.random.randint(0, 250, (33, 41, bands)).astype(dtype)}
    for step in (
        TrackedRandomCrop(31),
        TrackedRandomResizedCrop(24),
        TrackedRandomFlip(prob=1.0),
        RandomRotate90(1.0),
    ):
        results = step(results)
    assert results['img'].shape == (24, 24, bands) and results['img'].dtype == dtype


def test_probability_of_turns():
    transform = RandomRotate90(0.8)
    turns = [transform.rand_turns() for _ in range(4000)]
    share = np.bincount(turns, minlength=4) / 4000
    np.testing.assert_allclose(share, [0.2, 0.8 / 3, 0.8 / 3, 0.8 / 3], atol=0.03)


def test_tile_smaller_than_the_crop():
    with pytest.raises(DataError, match=r'small.png has 20x30 pixels, less than the 25x25 crop'):
        TrackedRandomCrop(25)({'img': ramp(20, 30), 'img_path': 'small.png'})


def test_bad_probability():
    with pytest.raises(ConfigError, match='got 1.5'):
        RandomRotate90(1.5)
