import time

import numpy as np
import pytest
from rasterio.warp import transform_bounds

from glcnet_plugin.datasets.analysis import geo_overlap as extents
from glcnet_plugin.datasets.analysis.geo_overlap import (
    common_bounds,
    components,
    groups_by_overlap,
    overlapping,
    overlapping_pairs,
)
from glcnet_plugin.datasets.io.images import ImageInfo
from glcnet_plugin.errors import DataError

UTM = 'EPSG:32633'


def info(bounds, crs=UTM):
    return ImageInfo(256, 256, 3, 'uint8', crs=crs, bounds=bounds)


def by_double_loop(first, second, min_share):
    found = []
    for i, (l1, b1, r1, t1) in enumerate(first):
        for j, (l2, b2, r2, t2) in enumerate(second):
            width, height = min(r1, r2) - max(l1, l2), min(t1, t2) - max(b1, b2)
            smaller = min((r1 - l1) * (t1 - b1), (r2 - l2) * (t2 - b2))
            if width > 0 and height > 0 and width * height > min_share * smaller:
                found.append((i, j))
    return found


def boxes(rng, count, size):
    corner = rng.integers(0, size, (count, 2))
    return np.hstack([corner, corner + rng.integers(1, 30, (count, 2))]).astype(float)


@pytest.mark.parametrize('chunk', [7, 1000])
@pytest.mark.parametrize('shape', [(80, 90), (1, 60), (60, 1)])
@pytest.mark.parametrize('min_share', [0.0, 0.01, 0.3])
def test_equals_a_double_loop(monkeypatch, chunk, shape, min_share):
    monkeypatch.setattr(extents, 'CHUNK', chunk)
    rng = np.random.default_rng(sum(shape))
    first, second = boxes(rng, shape[0], 100), boxes(rng, shape[1], 100)
    first[0] = second[0]  # equal ones, and one around everything
    second[-1] = (0, 0, 200, 200)
    expected = by_double_loop(first, second, min_share)
    assert len(expected) >= 2
    assert [tuple(pair) for pair in overlapping(first, second, min_share)] == expected


def test_the_share_is_one_of_the_smaller_extent():
    large, small = [[0, 0, 100, 100]], [[98, 0, 108, 10]]  # 2 x 10 of 10 x 10 in common
    assert len(overlapping(np.array(large), np.array(small), 0.19)) == 1
    assert len(overlapping(np.array(small), np.array(large), 0.21)) == 0


def test_tiles_of_a_grid_touch_but_do_not_overlap():
    step = 0.1 * 256  # not exact in binary: neighbours overlap by rounding
    corner = np.array([(x * step, y * step) for x in range(12) for y in range(12)])
    grid = np.hstack([corner, corner + step])
    assert overlapping(grid, grid).tolist() == [[i, i] for i in range(144)]


def test_south_up_and_unknown_extents():
    first = np.array([[0, 10, 10, 0], [np.nan] * 4])
    second = np.array([[np.nan] * 4, [5, 5, 9, 9]])
    assert overlapping(first, second).tolist() == [[0, 1]]
    assert overlapping(first, np.empty((0, 4))).shape == (0, 2)


def test_ten_thousand_against_ten_thousand_is_quick():
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 100 * 256, (10_000, 2))
    first = np.hstack([corner, corner + 256])
    second = first[:, [1, 0, 3, 2]]
    start = time.process_time()
    assert len(overlapping(first, second)) > 10_000
    # 0.1 s; a double loop in Python takes minutes
    assert time.process_time() - start < 8


def test_bounds_stay_as_they_are_in_one_crs_and_are_degrees_in_two():
    place = (500_000.0, 5_000_000.0, 502_560.0, 5_002_560.0)
    nowhere = ImageInfo(8, 8, 3, 'uint8')
    np.testing.assert_array_equal(common_bounds([info(place), nowhere])[0], place)
    assert np.isnan(common_bounds([info(place), nowhere])[1]).all()
    world = (15.0, 45.0, 15.1, 45.1)
    found = common_bounds([info(place), info(world, 'EPSG:4326')])
    np.testing.assert_allclose(found[1], world)
    # easting 500,000 is the central meridian of the zone, 15 degrees east
    np.testing.assert_allclose(found[0, 0], 15.0, atol=1e-3)


def test_degrees_go_on_beyond_180():
    across = info((179.9, 0.0, -179.9, 0.2), 'EPSG:4326')
    east = transform_bounds('EPSG:4326', 'EPSG:32601', -179.98, 0.05, -179.95, 0.1)
    assert overlapping_pairs([across], [info(east, 'EPSG:32601')]).tolist() == [[0, 0]]


def test_an_extent_outside_of_its_crs():
    wrong = [info((1e9, 1e9, 2e9, 2e9)), info((0, 0, 1, 1), 'EPSG:4326')]
    with pytest.raises(DataError, match='EPSG:32633'):
        common_bounds(wrong)


def test_neighbours_of_one_zone_stay_apart_beside_images_of_another():
    # far from the central meridian, where boxes in degrees around the tiles do overlap
    a, b = (200_000, 6.9e6, 202_560, 6.90256e6), (202_560, 6.9e6, 205_120, 6.90256e6)
    other = transform_bounds(UTM, 'EPSG:32632', *a)
    infos = [info(a), info(b), info(other, 'EPSG:32632')]
    degrees = common_bounds(infos)
    assert [0, 1] in overlapping(degrees, degrees).tolist()
    pairs = overlapping_pairs(infos[:2], infos).tolist()
    assert [0, 1] not in pairs and [0, 2] in pairs


def test_groups_are_connected_by_overlap():
    infos = [
        info((0, 0, 10, 10)),
        info((100, 0, 110, 10)),
        ImageInfo(8, 8, 3, 'uint8'),
        info((8, 0, 18, 10)),
        info((16, 0, 26, 10)),  # meets image 0 only through image 3
        info((26, 0, 36, 10)),  # touches
        info((100, 0, 110, 10)),  # the same place again
        ImageInfo(8, 8, 3, 'uint8'),
    ]
    assert groups_by_overlap(infos) == [
        'ground_0', 'ground_1', None, 'ground_0', 'ground_0', 'ground_5', 'ground_1', None,
    ]  # fmt: skip


def test_components_equal_a_search():
    rng = np.random.default_rng(0)
    for _ in range(20):
        pairs = rng.integers(0, 30, (20, 2)).tolist()
        reach = np.eye(30, dtype=bool)
        for a, b in pairs:
            reach[a, b] = reach[b, a] = True
        for _ in range(5):
            reach = reach @ reach
        assert components(30, pairs) == reach.argmax(axis=1).tolist()
