import numpy as np
import pytest
from folder_layout import read_mask, write_image, write_mask
from make_tiles import make_tiles

from glcnet_plugin.datasets.segmentation import read_classes, read_manifest
from glcnet_plugin.datasets.transforms.loading import read_image
from glcnet_plugin.errors import DataError


def test_tiles_are_parts_of_the_image_and_keep_group_and_source(labelled_folder, tmp_path):
    image = np.random.randint(0, 255, (8, 8, 3)).astype(np.uint8)
    write_image(labelled_folder / 'images' / 'b1', image)
    out = tmp_path / 'out'
    assert make_tiles(labelled_folder, out, tile=5) == 3 * 4
    rows = [row for row in read_manifest(out) if row['source'] == 'b1']
    assert [(row['y'], row['x']) for row in rows] == [
        ('0', '0'),
        ('0', '3'),
        ('3', '0'),
        ('3', '3'),
    ]
    assert {row['group'] for row in rows} == {'B'}
    for row in rows:
        y, x = int(row['y']), int(row['x'])
        part = read_image(str(out / 'images' / f'{row["name"]}.png'))
        np.testing.assert_array_equal(part, image[y : y + 5, x : x + 5])
        mask = read_mask(labelled_folder / 'masks' / 'b1.png')[y : y + 5, x : x + 5]
        np.testing.assert_array_equal(read_mask(out / 'masks' / f'{row["name"]}.png'), mask)
    assert read_classes(out) == read_classes(labelled_folder)


def test_image_smaller_than_a_tile(labelled_folder, tmp_path):
    with pytest.raises(DataError, match='8x8 px, smaller than a tile of 9'):
        make_tiles(labelled_folder, tmp_path / 'out', tile=9)


def test_mask_of_another_size(labelled_folder, tmp_path):
    write_mask(labelled_folder / 'masks' / 'a1.png', np.zeros((9, 8), np.uint8), [(1, 2, 3)])
    with pytest.raises(DataError, match=r'\(8, 8\), its mask \(9, 8\)'):
        make_tiles(labelled_folder, tmp_path / 'out', tile=4)


def test_missing_mask(labelled_folder, tmp_path):
    (labelled_folder / 'masks' / 'a2.png').unlink()
    with pytest.raises(DataError, match="lacks the image or the mask of 'a2'"):
        make_tiles(labelled_folder, tmp_path / 'out', tile=4)
