import numpy as np
import pytest

from glcnet_plugin.datasets.analysis.spread import (
    choose_spread,
    colour_statistics,
    joined,
    tile_descriptions,
)
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import ConfigError, DataError


def test_every_cluster_gives_the_item_nearest_to_its_centre():
    near = np.array([[0.0, 0.0], [0.2, 0.0], [-0.2, 0.0]])
    east, north = np.array([10.0, 0.0]), np.array([0.0, 10.0])
    values = np.concatenate([near, near[:1] + east, near + north])
    # the middle of each cluster; the single item stands alone
    assert choose_spread(values, 3)[2] == 3 and sorted(choose_spread(values, 3)) == [0, 3, 4]


def test_all_items_and_equal_ones():
    assert sorted(choose_spread(np.arange(5.0)[:, None], 5)) == [0, 1, 2, 3, 4]
    with pytest.warns(UserWarning, match='Number of distinct clusters'):
        assert len(set(choose_spread(np.zeros((4, 2)), 3))) == 3


def test_colours_are_means_and_deviations(tmp_path):
    image = np.zeros((2, 2, 3), np.uint8)
    image[0, :, 0] = 100
    image[..., 2] = 7
    write_image(tmp_path / 'a', image)
    (file,) = tmp_path.iterdir()
    found = colour_statistics([file], workers=0)
    assert found == pytest.approx(np.array([[50, 0, 7, 50, 0, 0]]))


def test_images_of_other_bands_are_named(tmp_path):
    files = [write_image(tmp_path / f'{n}', np.ones((2, 2, n), np.uint8)) for n in (3, 4)]
    with pytest.raises(DataError, match=r'4.tif has 4 bands, .*3.png has 3: colours'):
        colour_statistics(files, workers=0)


def test_colours_and_features_have_the_same_weight(tmp_path):
    rng = np.random.default_rng(0)
    few, many = rng.normal(5, 3, (50, 2)), rng.normal(0, 0.1, (50, 30))
    found = joined(few, many)
    assert found.shape == (50, 32)
    variances = found.var(0)
    assert variances[:2].sum() == pytest.approx(1) and variances[2:].sum() == pytest.approx(1)
    files = [write_image(tmp_path / f'{i}', np.full((2, 2, 3), i, np.uint8)) for i in range(4)]
    features = rng.normal(size=(4, 7))
    both = tile_descriptions(files, 'both', lambda paths: features[: len(paths)])
    assert both.shape == (4, 6 + 7)
    only = tile_descriptions(files, 'features', lambda paths: features)
    np.testing.assert_array_equal(both[:, 6:], only)
    with pytest.raises(ConfigError, match='--spread-by both needs the network .*: --features'):
        tile_descriptions(files, 'both')
