import cv2
import numpy as np
import pytest

from glcnet_plugin.datasets.analysis.sample_checks import Expectation, Sample, check_sample
from glcnet_plugin.datasets.io import blocks
from glcnet_plugin.datasets.tiling.folder_writer import write_image, write_mask


def random_image(shape=(8, 9, 4), dtype='uint8'):
    return np.random.default_rng(0).integers(1, 200, shape).astype(dtype)


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
        result = check_sample(Sample('train', str(path), label), Expectation(**expected))
        return result, [finding.code for finding in result.findings]

    return inspect


def test_a_good_sample_gives_figures_and_no_finding(look):
    image = random_image()
    mask = np.zeros((8, 9), np.uint8)
    mask[:, :2], mask[:, 2] = 1, 255
    result, codes = look(image, mask, num_classes=3, num_bands=4, min_size=(8, 8))
    assert codes == []
    assert (result.minimum, result.maximum) == (image.min(), image.max())
    count, total, squares = result.moments
    assert count.tolist() == [72] * 4
    np.testing.assert_allclose(total, image.sum((0, 1)))
    np.testing.assert_allclose(squares, (image.astype(float) ** 2).sum((0, 1)))
    assert result.class_pixels.tolist() == [48, 16, 0] and result.ignored_pixels == 8


def test_missing_values_take_no_part(look):
    image = random_image(dtype='float32')
    image[0] = -1
    image[1, 1, 1] = np.nan
    result, codes = look(image, profile={'nodata': -1})
    assert codes == [] and result.nodata_share == 1 / 8 and result.minimum >= 1
    assert result.moments[0].tolist() == [63, 62, 63, 63]


def test_large_scenes_are_read_in_blocks(look, monkeypatch):
    whole, _ = look()
    monkeypatch.setattr(blocks, 'BLOCK', 4)
    parts, codes = look()
    assert codes == []
    np.testing.assert_allclose(parts.moments, whole.moments)


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
        assert [f.code for f in result.findings] == ['image_unreadable']
        assert name in result.findings[0].message


def test_bad_labels_are_named_with_the_valid_ones(look):
    mask = np.zeros((8, 9), np.uint8)
    mask[0, 0] = 7
    result, codes = look(mask=mask, num_classes=6)
    assert codes == ['labels']
    assert result.findings[0].message == 'labels [7]; valid are 0..5 and the ignored [255]'
    assert result.findings[0].file.endswith('m.png')
    result, codes = look(mask=mask, num_classes=6, reduce_zero_label=True)
    assert result.findings[0].message == 'labels [7]; valid are 1..6 and the ignored [0, 255]'
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
        return [f.code for f in check_sample(sample, Expectation(**expected)).findings]

    assert codes('gone.png') == ['mask_missing']
    assert codes('d.png') == ['mask_unreadable']
    assert codes('c.png', num_classes=2) == ['colour_mask']
    assert codes('c.png', num_classes=2, colour_ids={(0, 0, 255): 1}) == ['unknown_colours']
    assert codes('c.png', num_classes=2, colour_ids={(255, 0, 0): 1}) == []


def test_odd_files_become_findings(look, tmp_path, monkeypatch):
    """Nothing that a mask may hold ends the examination."""
    from PIL import Image

    image = write_image(tmp_path / 'i', random_image())
    for mode in ('LA', 'CMYK', 'RGBA', 'I;16', 'F', '1'):
        Image.new(mode, (9, 8)).save(tmp_path / 'm.tif')
        sample = Sample('train', str(image), str(tmp_path / 'm.tif'))
        result = check_sample(sample, Expectation(num_classes=2))
        assert {f.code for f in result.findings} <= {'colour_mask', 'mask_unreadable'}, mode

    def broken(path):
        raise ZeroDivisionError('odd')

    monkeypatch.setattr('glcnet_plugin.datasets.analysis.sample_checks.read_mask', broken)
    result = check_sample(sample, Expectation())
    assert result.findings[0].message == 'ZeroDivisionError: odd'


def test_empty_images_are_not_called_the_same(look):
    assert look(np.full((4, 4, 4), 7, np.uint8))[0].digest == b''
    assert look()[0].digest != b''
