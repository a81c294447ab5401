import numpy as np
import pytest
import rasterio
from drawn import NORTH_UP, rectangle, write_drawn, write_raster
from rasterio import Affine

from glcnet_plugin.datasets.io import blocks
from glcnet_plugin.errors import DataError
from glcnet_plugin.evaluation.confusion import confusion_matrix
from glcnet_plugin.evaluation.map_scores import score_maps, without_boundaries

RANDOM = np.random.default_rng(0)
TRUTH = np.kron(RANDOM.integers(0, 3, (4, 4)), np.ones((8, 8))).astype(np.uint8)
TRUTH[:5] = 255
MAP = np.where(RANDOM.random((32, 32)) < 0.7, TRUTH % 3, 2).astype(np.uint8)
CLASSES = ['a', 'b', 'c']


def write_map(path, ids, names=CLASSES, **settings):
    write_raster(path, ids, **settings)
    with rasterio.open(path, 'r+') as raster:
        raster.update_tags(**{f'CLASS_{index}': name for index, name in enumerate(names)})
    return path


@pytest.fixture
def made(tmp_path):
    """A map and a label raster of its grid."""
    return write_map(tmp_path / 'map.tif', MAP), write_raster(tmp_path / 'labels.tif', TRUTH)


def eroded_slowly(labels, radius):
    """The definition: whether all pixels at most a radius away have the same label."""
    result = np.full_like(labels, 255)
    rows, columns = np.indices(labels.shape)
    for y, x in np.ndindex(*labels.shape):
        near = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
        if (labels[near] == labels[y, x]).all():
            result[y, x] = labels[y, x]
    return result


@pytest.mark.parametrize('radius', [0, 1, 3])
def test_boundaries(radius):
    np.testing.assert_array_equal(without_boundaries(TRUTH, radius), eroded_slowly(TRUTH, radius))


def test_three_pixels_to_both_sides_of_a_boundary():
    labels = np.zeros((1, 20), np.uint8)
    labels[:, 10:] = 7
    kept = without_boundaries(labels, 3)[0]
    assert kept.tolist() == [0] * 7 + [255] * 6 + [7] * 7  # the edges of the map are none


@pytest.mark.parametrize('erode', [0, 2])
@pytest.mark.parametrize('side', [2048, 5])
def test_all_pixels_whatever_the_blocks(made, monkeypatch, erode, side):
    monkeypatch.setattr(blocks, 'BLOCK', side)
    score = score_maps(made[:1], made[1], erode=erode)
    kept = eroded_slowly(TRUTH, erode)
    assert score.classes == CLASSES
    np.testing.assert_array_equal(score.hist, confusion_matrix(MAP, kept, 3))
    assert score.eroded == ((TRUTH != 255) & (kept == 255)).sum()
    assert score.unpredicted == 0


@pytest.mark.parametrize('tagged', [True, False])
def test_pixels_without_a_class_do_not_count(made, tmp_path, tagged):
    ids = MAP.copy()
    ids[20:22] = 255
    path = write_map(tmp_path / 'gaps.tif', ids, **({'nodata': 255} if tagged else {}))
    score = score_maps([path], made[1])
    assert score.unpredicted == 64 and score.hist.sum() == 27 * 32 - 64


def test_maps_are_scored_as_one_against_polygons(tmp_path):
    east = NORTH_UP @ Affine.translation(32, 0)
    maps = [
        write_map(tmp_path / 'west.tif', np.zeros((32, 32), np.uint8)),
        write_map(tmp_path / 'east.tif', np.ones((32, 32), np.uint8), transform=east),
    ]
    shapes = [('b', rectangle(0, 30, 4, 5)), ('a', rectangle(8, 0, 1, 1))]
    labels = write_drawn(tmp_path / 'drawn.gpkg', shapes, column='kind')
    score = score_maps(maps, labels, column='kind')
    # 2 of 5 columns of b lie in the west, where all is a
    assert score.hist.tolist() == [[1, 0, 0], [4 * 2, 4 * 3, 0], [0, 0, 0]]
    assert score.notes == [f"{labels} has no feature of the classes ['c']"]
    score = score_maps(maps, labels, column='kind', erode=1)
    # inner rows 1 and 2, and row 0 at the edge of the maps; at column 32, each map ends
    assert score.hist.tolist() == [[0, 0, 0], [3 * 1, 3 * 2, 0], [0, 0, 0]]


def test_classes_of_the_map(made, tmp_path):
    plain = write_raster(tmp_path / 'plain.tif', MAP)
    with pytest.raises(DataError, match=r'plain.tif does not name its classes.*--classes'):
        score_maps([plain], made[1])
    assert score_maps([plain], made[1], ['x', 'y', 'z']).classes == ['x', 'y', 'z']
    other = write_map(tmp_path / 'other.tif', MAP, ['a', 'c', 'b'])
    with pytest.raises(DataError, match=r"other.tif has the classes \['a', 'c', 'b'\], .*map.tif"):
        score_maps([made[0], other], made[1])
    with pytest.raises(DataError, match=r'prediction holds \[2\], but there are 2 classes'):
        score_maps([plain], write_raster(tmp_path / 'two.tif', TRUTH % 2), ['x', 'y'])


def test_labels_of_other_classes(made, tmp_path):
    labels = write_drawn(tmp_path / 'drawn.gpkg', [('road', rectangle(0, 0, 4, 4))])
    with pytest.raises(DataError, match="not among .*: 'road'"):
        score_maps(made[:1], labels, column='class')


def test_labels_of_other_ground(made, tmp_path):
    far = write_raster(tmp_path / 'far.tif', TRUTH, NORTH_UP @ Affine.translation(500, 0))
    with pytest.raises(DataError, match='no pixel of .*map.tif with a class has a label'):
        score_maps(made[:1], far)
    with pytest.raises(DataError, match='has a label of .*labels.tif.*labelled pixels are eroded'):
        score_maps(made[:1], made[1], erode=20)


def test_a_map_has_one_band(made, tmp_path):
    path = write_map(tmp_path / 'rgb.tif', np.zeros((32, 32, 3), np.uint8))
    with pytest.raises(DataError, match='rgb.tif has 3 bands: a map of class ids has one'):
        score_maps([path], made[1])
