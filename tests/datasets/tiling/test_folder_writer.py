import json

import numpy as np
import pytest
import rasterio
from PIL import Image

from glcnet_plugin.datasets.io.folder_format import read_classes, read_manifest
from glcnet_plugin.datasets.io.images import read_image
from glcnet_plugin.datasets.io.lists import read_list
from glcnet_plugin.datasets.io.masks import read_mask
from glcnet_plugin.datasets.tiling.folder_writer import (
    write_description,
    write_image,
    write_json,
    write_list,
    write_mask,
)


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


def test_description_is_what_the_dataset_reads(tmp_path):
    write_description(tmp_path, ['a', 'b'], [(1, 2, 3), (4, 5, 6)], [{'name': 'x', 'group': 'G'}])
    assert read_classes(tmp_path) == {
        'classes': ['a', 'b'], 'palette': [[1, 2, 3], [4, 5, 6]], 'ignore_index': 255,
        'reduce_zero_label': False, 'mapping': {},
    }  # fmt: skip
    assert read_manifest(tmp_path) == [{'name': 'x', 'group': 'G'}]


def test_three_bands_with_names_or_nodata_become_a_tiff_that_keeps_them(tmp_path):
    image = np.random.randint(0, 250, (7, 9, 3)).astype(np.uint8)
    with rasterio.open(write_image(tmp_path / 'a', image, ['IR', 'R', 'G'])) as raster:
        assert raster.descriptions == ('IR', 'R', 'G')
    with rasterio.open(write_image(tmp_path / 'b', image, nodata=0)) as raster:
        assert raster.nodata == 0
    assert write_image(tmp_path / 'c', image, [None] * 3, nodata=None).suffix == '.png'


def test_lists_and_json_come_back(tmp_path):
    write_list(tmp_path / 'splits/val.txt', ['a', 'b c'])
    assert read_list(tmp_path / 'splits/val.txt') == ['a', 'b c']
    for content in ({'a': 1}, {'b': [2]}):
        write_json(tmp_path / '.done/x.json', content)
        assert json.loads((tmp_path / '.done/x.json').read_text()) == content
    assert [path.name for path in (tmp_path / '.done').iterdir()] == ['x.json']


def test_what_a_link_leads_to_is_not_written(tmp_path):
    """Tiles were written through links, over the files elsewhere."""
    for name in ('a.png', 'b.tif', 'm.png'):
        (tmp_path / f'original_{name}').write_text('kept')
        (tmp_path / name).symlink_to(tmp_path / f'original_{name}')
    write_image(tmp_path / 'a', np.zeros((4, 4, 3), np.uint8))
    write_image(tmp_path / 'b', np.zeros((4, 4, 4), np.uint8))
    write_mask(tmp_path / 'm.png', np.zeros((4, 4), np.uint8), [(1, 2, 3)])
    assert {p.read_text() for p in tmp_path.glob('original_*')} == {'kept'}
    assert read_image(tmp_path / 'b.tif').shape == (4, 4, 4)
    assert sorted(p.name for p in tmp_path.glob('[abm].*')) == ['a.png', 'b.tif', 'm.png']
