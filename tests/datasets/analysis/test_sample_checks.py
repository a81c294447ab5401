import cv2
import numpy as np
import pytest

from glcnet_plugin.datasets.analysis.sample_checks import Expectation, Sample, check_sample
from glcnet_plugin.datasets.io import blocks
from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.tiling.folder_writer import write_image, write_mask


def random_image(shape=(8, 9, 4), dtype='uint8'):
    return np.random.default_rng(0).integers(1, 200, shape).astype(dtype)


def expect(num_classes=None, reduce_zero_label=False, **more):
    return Expectation(labels=LabelRule(num_classes, reduce_zero_label), **more)


@pytest.fixture
def look(tmp_path):
    """Write an image and a mask, inspect them, return the result and the codes found."""

    def inspect(image=None, mask=None, profile=None, **expected):
        image = random_image() if image is None else image
        path = write_image(tmp_path / 'i', image, **(profile or {}))
        label = None
        if mask is not None:
            label = str(tmp_path / 'm.png')
            write_mask(tmp_path / 'm.png', np.asarray(mask, np.uint8), [(1, 1, 1)])
        result = check_sample(Sample('train', str(path), label), expect(**expected))
        return result, [issue.code for issue in result.issues]

    return inspect


def test_a_good_sample_gives_figures_and_no_issue(look):
    image = random_image()
    mask = np.zeros((8, 9), np.uint8)
    mask[:, :2], mask[:, 2] = 1, 255
    result, codes = look(image, mask, num_classes=3, num_bands=4, min_size=(8, 8))
    assert codes == []
    assert (result.minimum, result.maximum) == (image.min(), image.max())
    assert result.moments.count.tolist() == [72] * 4
    np.testing.assert_allclose(result.moments.mean, image.mean((0, 1)))
    np.testing.assert_allclose(result.moments.std, image.std((0, 1)))
    assert result.class_pixels.tolist() == [48, 16, 0] and result.ignored_pixels == 8


def test_missing_values_take_no_part(look):
    image = random_image(dtype='float32')
    image[0] = -1
    image[1, 1, 1] = np.nan
    result, codes = look(image, profile={'nodata': -1})
    assert codes == [] and result.nodata_share == 1 / 8 and result.minimum >= 1
    assert result.moments.count.tolist() == [63, 62, 63, 63]


def test_large_scenes_are_read_in_blocks(look, monkeypatch):
    whole, _ = look()
    monkeypatch.setattr(blocks, 'BLOCK', 4)
    parts, codes = look()
    assert codes == []
    np.testing.assert_allclose(parts.moments.mean, whole.moments.mean)
    np.testing.assert_allclose(parts.moments.std, whole.moments.std)
    assert (parts.minimum, parts.maximum) == (whole.minimum, whole.maximum)


@pytest.mark.parametrize(
    ('image', 'profile', 'expected', 'code'),
    [
        (None, {}, {'num_bands': 3}, 'bands'),
        (None, {}, {'min_size': (9, 9)}, 'too_small'),
        (np.zeros((4, 4, 4), np.uint8), {'nodata': 0}, {}, 'all_nodata'),
        (np.eye(4, dtype=np.uint8)[:, :, None], {'nodata': 0}, {}, 'nodata'),
        (np.full((4, 4, 4), 7, np.uint8), {}, {}, 'constant'),
        (np.array([[[1.0]], [[np.nan]]], np.float32), {}, {}, 'not_finite'),
        (None, {}, {'bands': [9]}, 'image_unreadable'),
    ],
)
def test_bad_images(look, image, profile, expected, code):
    assert code in look(image, profile=profile, **expected)[1]


def test_damaged_and_missing_images(tmp_path):
    (tmp_path / 'x.tif').write_bytes(b'II*')
    for name in ('x.tif', 'gone.png'):
        result = check_sample(Sample('train', str(tmp_path / name)), Expectation())
        assert [f.code for f in result.issues] == ['image_unreadable']
        assert name in result.issues[0].message


def test_bad_labels_are_named_with_the_valid_ones(look):
    mask = np.zeros((8, 9), np.uint8)
    mask[0, 0] = 7
    result, codes = look(mask=mask, num_classes=6)
    assert codes == ['labels']
    assert result.issues[0].message == (
        'labels [7]: classes are 0..5, ignored are [255]; correct the mask or the list of classes'
    )
    assert result.issues[0].file.endswith('m.png')
    result, codes = look(mask=mask, num_classes=6, reduce_zero_label=True)
    assert 'labels [7]: classes are 1..6, ignored are [0, 255]' in result.issues[0].message
    mask[0, 0] = 6
    result, codes = look(mask=np.maximum(mask, 1), num_classes=6, reduce_zero_label=True)
    assert codes == [] and result.class_pixels.tolist() == [71, 0, 0, 0, 0, 1]


def test_masks_that_do_not_fit(look, tmp_path):
    assert look(mask=np.zeros((9, 9)))[1] == ['size']
    assert look(mask=np.full((8, 9), 255))[1] == ['only_ignored']
    image = write_image(tmp_path / 'i', random_image())
    cv2.imwrite(str(tmp_path / 'c.png'), np.full((8, 9, 3), (0, 0, 255), np.uint8))
    (tmp_path / 'd.png').write_bytes(b'x')

    def codes(mask, **expected):
        sample = Sample('train', str(image), str(tmp_path / mask))
        return [f.code for f in check_sample(sample, expect(**expected)).issues]

    assert codes('gone.png') == ['mask_missing']
    assert codes('d.png') == ['mask_unreadable']
    assert codes('c.png', num_classes=2) == ['colour_mask']
    assert codes('c.png', num_classes=2, colour_ids={(0, 0, 255): 1}) == ['unknown_colours']
    assert codes('c.png', num_classes=2, colour_ids={(255, 0, 0): 1}) == []


def test_odd_files_become_issues(look, tmp_path, monkeypatch):
    """Nothing that a mask may hold ends the examination."""
    from PIL import Image

    image = write_image(tmp_path / 'i', random_image())
    for mode in ('LA', 'CMYK', 'RGBA', 'I;16', 'F', '1'):
        Image.new(mode, (9, 8)).save(tmp_path / 'm.tif')
        sample = Sample('train', str(image), str(tmp_path / 'm.tif'))
        result = check_sample(sample, expect(2))
        assert {f.code for f in result.issues} <= {'colour_mask', 'mask_unreadable'}, mode

    def broken(path):
        raise ZeroDivisionError('odd')

    monkeypatch.setattr('glcnet_plugin.datasets.analysis.sample_checks.read_stored_mask', broken)
    result = check_sample(sample, Expectation())
    assert result.issues[0].message == 'ZeroDivisionError: odd'


def test_empty_images_are_not_called_the_same(look):
    assert look(np.full((4, 4, 4), 7, np.uint8))[0].digest == b''
    assert look()[0].digest != b''


def test_the_expectation_of_a_sample_goes_first(tmp_path):
    path = str(write_image(tmp_path / 'i', random_image()))
    sample = Sample('val', path, expected=Expectation(num_bands=4))
    assert check_sample(sample, Expectation(num_bands=3)).issues == []


def test_classes_are_counted_as_they_are_trained(tmp_path):
    path = write_image(tmp_path / 'i', random_image((1, 4, 4)))
    write_mask(tmp_path / 'm.png', np.array([[0, 1, 2, 255]], np.uint8), [(1, 1, 1)])
    rule = LabelRule(3, label_map={0: 255, 1: 1, 2: 0})
    sample = Sample('train', str(path), str(tmp_path / 'm.png'))
    report = check_sample(sample, Expectation(labels=rule))
    assert report.class_pixels.tolist() == [1, 1] and report.ignored_pixels == 2
