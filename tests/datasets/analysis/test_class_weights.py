import numpy as np
import pytest
from PIL import Image

from glcnet_plugin.datasets.analysis.class_weights import (
    class_weights,
    count_classes,
    labelled_names,
    mask_files,
)
from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.tiling.folder_writer import write_mask
from glcnet_plugin.errors import ConfigError, DataError

PALETTE = [(0, 0, 0)] * 5


@pytest.fixture
def masks(tmp_path):
    rng = np.random.default_rng(0)
    arrays = [rng.choice([0, 1, 3, 255], (20, 10 + i)).astype(np.uint8) for i in range(6)]
    paths = [tmp_path / f'{i}.png' for i in range(6)]
    for path, array in zip(paths, arrays, strict=True):
        write_mask(path, array, PALETTE)
    return paths, arrays


@pytest.mark.parametrize('workers', [0, 2])
def test_pixels_per_file_and_class(masks, workers):
    paths, arrays = masks
    expected = [[int((array == c).sum()) for c in range(4)] for array in arrays]
    counts = list(count_classes(paths, LabelRule(4), workers=workers))
    assert [row.tolist() for row in counts] == expected
    assert counts[0].dtype == np.int64 and expected[0][2] == 0 < expected[0][3]


def test_another_ignored_id_is_not_counted(masks):
    paths, arrays = masks
    (row,) = count_classes(paths[:1], LabelRule(4, ignored=[0]), workers=0)
    assert row.tolist() == [0, *((arrays[0] == c).sum() for c in (1, 2, 3))]


def test_a_label_that_is_no_class(masks):
    with pytest.raises(DataError, match=r'0\.png has the labels \[3\]: classes are 0\.\.2'):
        list(count_classes(masks[0], LabelRule(3), workers=0))


def test_a_colour_mask(tmp_path):
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(tmp_path / 'c.png')
    with pytest.raises(DataError, match='is a colour mask'):
        list(count_classes([tmp_path / 'c.png'], LabelRule(3), workers=0))


def test_mask_files(labelled_folder):
    paths = mask_files(labelled_folder, ['b1', 'a1'])
    assert [path.name for path in paths] == ['b1.png', 'a1.png']
    with pytest.raises(DataError, match=r"lacks 1 masks, such as \['z.png'\]"):
        mask_files(labelled_folder, ['a1', 'z'])


def test_labelled_names(labelled_folder):
    assert labelled_names(labelled_folder, None) == ['a1', 'a2', 'b1']
    (labelled_folder / 'manifest.csv').write_text('name\nb1\n')
    assert labelled_names(labelled_folder, None) == ['b1']
    (labelled_folder / 'manifest.csv').unlink()
    assert labelled_names(labelled_folder, None) == ['a1', 'a2', 'b1']
    for path in (labelled_folder / 'masks').iterdir():
        path.unlink()
    with pytest.raises(DataError, match='there is no mask in'):
        labelled_names(labelled_folder, None)


def test_closed_forms():
    # shares 0.64, 0.36: 1/sqrt is 1/0.8 and 1/0.6, of which the mean is 0.8 + 0.6
    np.testing.assert_allclose(class_weights(np.array([64, 36])), [1 / 1.12, 1 / 0.84])
    # 1/share has the mean 2
    np.testing.assert_allclose(
        class_weights(np.array([64, 36]), 'inverse'), [0.5 / 0.64, 0.5 / 0.36]
    )
    assert class_weights(np.array([5, 5, 5])) == pytest.approx([1, 1, 1])


def test_median_frequency_looks_at_tiles_that_hold_a_class():
    counts = np.array([[90, 10, 0], [100, 0, 0], [60, 0, 40]])
    # f = 250/300, 10/100, 40/100, median 0.4: weights 0.48, 4, 1, scaled to mean 1
    weights = np.array([0.48, 4, 1])
    weights /= (weights * [250, 10, 40]).sum() / 300
    np.testing.assert_allclose(class_weights(counts, 'median', cap=100), weights)
    one = counts.sum(axis=0)
    assert class_weights(one, 'median', 100) == pytest.approx(class_weights(one, 'inverse', 100))


@pytest.mark.parametrize('method', ['inverse_sqrt', 'inverse', 'median'])
@pytest.mark.parametrize('cap', [1, 3, 10, 1e9])
def test_mean_one_before_the_cap_and_ratio_after_it(method, cap):
    rng = np.random.default_rng(0)
    for _ in range(20):
        counts = (rng.dirichlet([0.3] * 6, 12) * 1e5).astype(np.int64) + 1
        free = np.array(class_weights(counts, method, 1e12))
        shares = counts.sum(axis=0) / counts.sum()
        assert (free * shares).sum() == pytest.approx(1)
        capped = class_weights(counts, method, cap)
        np.testing.assert_allclose(capped, np.minimum(free, cap * free.min()))
        assert max(capped) <= cap * min(capped) * (1 + 1e-12)


def test_a_class_without_pixels_gets_the_largest_weight_admitted():
    with pytest.warns(UserWarning, match=r'classes \[1\] have no labelled pixel'):
        weights = class_weights(np.array([64, 0, 36]), cap=4)
    np.testing.assert_allclose(weights, [1 / 1.12, 4 / 1.12, 1 / 0.84])
    # the limit of a class that gets rarer
    rare = class_weights(np.array([64e12, 1, 36e12]), cap=4)
    np.testing.assert_allclose(weights, rare, rtol=1e-5)


def test_settings_that_make_no_sense():
    with pytest.raises(ConfigError, match="method 'log' is unknown"):
        class_weights(np.array([1, 2]), 'log')
    for cap in (0.5, float('inf'), float('nan')):
        with pytest.raises(ConfigError, match=f'cap {cap}'):
            class_weights(np.array([1, 2]), cap=cap)
    with pytest.raises(DataError, match='no pixel is labelled'):
        class_weights(np.zeros((3, 2)))
