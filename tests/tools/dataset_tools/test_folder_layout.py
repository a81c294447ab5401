import numpy as np
import pytest
from folder_layout import (
    colours_to_ids,
    read_mask,
    tile_origins,
    write_description,
    write_image,
    write_mask,
)
from PIL import Image

from glcnet_plugin.datasets.segmentation import read_classes, read_manifest
from glcnet_plugin.datasets.transforms.loading import read_image


@pytest.mark.parametrize(
    ('length', 'expected'),
    [(256, [0]), (512, [0, 256]), (600, [0, 256, 344]), (257, [0, 1])],
)
def test_tiles_cover_everything_and_never_stick_out(length, expected):
    assert tile_origins(length, 256) == expected


@pytest.mark.parametrize(
    ('bands', 'dtype', 'suffix'),
    [(3, np.uint8, '.png'), (4, np.uint8, '.tif'), (3, np.uint16, '.tif')],
)
def test_images_come_back_as_they_were(tmp_path, bands, dtype, suffix):
    image = np.random.randint(0, 250, (7, 9, bands)).astype(dtype)
    path = write_image(tmp_path / 'x.y', image)
    assert path.name == f'x.y{suffix}'
    np.testing.assert_array_equal(read_image(str(path)), image)


def test_masks_hold_ids_and_show_colours(tmp_path):
    ids = np.array([[0, 1], [255, 1]], np.uint8)
    write_mask(tmp_path / 'm.png', ids, [(9, 8, 7), (1, 2, 3)])
    np.testing.assert_array_equal(read_mask(tmp_path / 'm.png'), ids)
    shown = np.array(Image.open(tmp_path / 'm.png').convert('RGB'))
    assert shown[0, 0].tolist() == [9, 8, 7] and shown[1, 0].tolist() == [0, 0, 0]


def test_unknown_colours_are_counted_and_named():
    mask = np.array([[[255, 0, 0], [1, 2, 3]], [[1, 2, 3], [0, 0, 255]]], np.uint8)
    ids, unknown = colours_to_ids(mask, {(255, 0, 0): 4, (0, 0, 255): 0})
    assert ids.tolist() == [[4, 255], [255, 0]] and unknown == {'#010203': 2}


def test_description_is_what_the_dataset_reads(tmp_path):
    write_description(tmp_path, ['a', 'b'], [(1, 2, 3), (4, 5, 6)], [{'name': 'x', 'group': 'G'}])
    assert read_classes(tmp_path) == {
        'classes': ['a', 'b'], 'palette': [[1, 2, 3], [4, 5, 6]], 'ignore_index': 255
    }  # fmt: skip
    assert read_manifest(tmp_path) == [{'name': 'x', 'group': 'G'}]
