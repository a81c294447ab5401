from dataclasses import replace

import numpy as np
import pytest
from rasterio.enums import Resampling
from rasterio.transform import from_origin
from rasterio.warp import reproject

from glcnet_plugin.datasets.io.images import image_info
from glcnet_plugin.datasets.io.masks import read_stored_mask
from glcnet_plugin.datasets.io.warping import has_other_grid, require_common_ground, warped_labels
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError

PLACE = dict(crs='EPSG:32643', transform=from_origin(500_000, 2_000_000, 1, 1))
DEGREES = dict(crs='EPSG:4326', transform=from_origin(74.9999, 18.0888, 2e-5, 2e-5))


@pytest.fixture
def image(tmp_path):
    return image_info(write_image(tmp_path / 'i', np.zeros((20, 30, 4), np.uint8), **PLACE))


def labels(tmp_path, shape, **place):
    ids = np.random.default_rng(0).integers(0, 4, (*shape, 1), np.uint8)
    return str(write_image(tmp_path / 'm', ids, **place)), ids[..., 0]


def known(stored):
    """Values of a mask, 255 where they are missing."""
    return np.where(stored.missing, 255, stored.values)


def test_coarser_labels_of_a_part(tmp_path, image):
    part = from_origin(500_004, 1_999_998, 2, 2)
    path, ids = labels(tmp_path, (5, 6), crs='EPSG:32643', transform=part)
    assert has_other_grid(image_info(path), image)
    stored = read_stored_mask(warped_labels(path, image), (1, 3, 18, 20))
    expected = np.full((20, 30), 255)
    expected[2:12, 4:16] = ids.repeat(2, 0).repeat(2, 1)
    np.testing.assert_array_equal(known(stored), expected[1:19, 3:23])


def test_labels_in_degrees_and_their_nodata(tmp_path, image):
    """The reference is reproject; what the labels call nodata is missing."""
    path, ids = labels(tmp_path, (40, 40), **DEGREES, nodata=3)
    found = known(read_stored_mask(warped_labels(path, image)))
    expected = np.full((20, 30), 255, np.uint8)
    reproject(
        ids, expected, src_crs=DEGREES['crs'], src_transform=DEGREES['transform'], src_nodata=3,
        dst_crs=PLACE['crs'], dst_transform=PLACE['transform'], dst_nodata=255,
        resampling=Resampling.nearest,
    )  # fmt: skip
    np.testing.assert_array_equal(found, expected)
    assert set(np.unique(found)) == {0, 1, 2, 255}


@pytest.mark.parametrize(
    ('dtype', 'values'),
    [
        ('uint8', (0, 255)),
        ('int8', (-128, 127)),
        ('uint16', (255, 65535)),
        ('int16', (-(2**15), 255)),
        ('int32', (-(2**31), 255)),
        ('uint32', (255, 2**32 - 1)),
        ('float32', (-1, 255)),
    ],
)
def test_every_value_may_be_a_class(tmp_path, image, dtype, values):
    """255 and the nodata value were missing, also where classes.json maps them."""
    ids = np.array(values, dtype).repeat(8).reshape(4, 4, 1)
    place = dict(PLACE, transform=from_origin(500_000, 2_000_000, 2, 2), nodata=values[0])
    path = str(write_image(tmp_path / 'm', ids, **place))
    stored = read_stored_mask(warped_labels(path, image, mapped=values))
    np.testing.assert_array_equal(stored.values[:8, :8], ids[..., 0].repeat(2, 0).repeat(2, 1))
    assert not stored.missing[:8, :8].any() and stored.missing.sum() == 20 * 30 - 64
    stored = read_stored_mask(warped_labels(path, image))
    assert stored.missing[:4].all() and not stored.missing[4:8, :8].any()


def test_what_cannot_be_joined_is_refused(tmp_path, image):
    plain = image_info(write_image(tmp_path / 'p', np.zeros((20, 30, 3), np.uint8)))
    assert not has_other_grid(plain, image) and not has_other_grid(image, image)
    far = dict(PLACE, transform=from_origin(600_000, 2_000_000, 1, 1))
    path = labels(tmp_path, (10, 10), **far)[0]
    with pytest.raises(DataError, match='no ground in common .* from 600000, 1999990 to 600010'):
        require_common_ground(path, image_info(path), image)
    path = str(write_image(tmp_path / 'rgb', np.zeros((4, 4, 3), np.uint8), **PLACE))
    with pytest.raises(DataError, match='rgb.png has 3 bands: a label raster of another grid'):
        warped_labels(path, image)


@pytest.mark.parametrize(
    ('crs', 'x', 'y'),
    [
        ('EPSG:32743', 5e5, 8e6),
        ('EPSG:3035', 4e6, 3e6),
        ('EPSG:27700', 5e5, 2e5),
        ('EPSG:32633', -2e5, 7e6),
        ('EPSG:3031', 0, 1e6),
    ],
)
def test_labels_of_the_whole_earth_have_ground_in_common(tmp_path, crs, x, y):
    """Their own outline has no place in most projections."""
    place = dict(crs=crs, transform=from_origin(x, y, 1, 1))
    image = image_info(write_image(tmp_path / 'i', np.zeros((9, 9, 4), np.uint8), **place))
    earth = dict(crs='EPSG:4326', transform=from_origin(-180, 90, 10, 10))
    path = str(write_image(tmp_path / 'm', np.ones((18, 36, 1), np.uint8), **earth))
    require_common_ground(path, image_info(path), image)
    assert (read_stored_mask(warped_labels(path, image)).values == 1).all()


def test_nothing_is_brought_from_a_local_system(image):
    """Its place, or its size, is then refused as it was."""
    local = replace(image, height=9, crs='LOCAL_CS["site",UNIT["metre",1]]')
    assert not has_other_grid(local, image) and not has_other_grid(image, local)
    assert has_other_grid(replace(image, height=9), image)
