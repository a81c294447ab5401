import zipfile

import cv2
import numpy as np
import pytest
import rasterio
from PIL import Image
from rasterio.transform import from_origin

from glcnet_plugin.datasets.io import headers
from glcnet_plugin.datasets.io.images import image_info, read_image
from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.io.masks import OddColours
from glcnet_plugin.datasets.io.warping import warped_labels
from glcnet_plugin.datasets.tiling import scene_rows
from glcnet_plugin.datasets.tiling.archives import choose, list_files
from glcnet_plugin.datasets.tiling.folder_writer import write_image, write_mask
from glcnet_plugin.datasets.tiling.scene_rows import (
    Rows,
    id_rows,
    image_rows,
    moved,
    place_columns,
    placement,
)
from glcnet_plugin.errors import DataError

COLOURS = {(255, 0, 0): 0, (0, 255, 255): 1}


def ids_of(path, colours=COLOURS, classes=2, ignored=(), snap=False):
    odd = OddColours()
    rows = id_rows(str(path), LabelRule(classes, ignored=ignored), colours, snap, odd)
    return rows.window(0, 4), odd


def test_every_row_is_read_once():
    asked = []

    def read(start, stop):
        asked.append((start, stop))
        return np.arange(start, stop)

    rows = Rows(read)
    for y in (0, 4, 4, 6):
        assert rows.window(y, 4).tolist() == list(range(y, y + 4))
    assert asked == [(0, 4), (4, 8), (8, 10)]


@pytest.mark.parametrize('at_once', [0, 10**6])
@pytest.mark.parametrize('suffix', ['.png', '.tif', '.npy'])
def test_image_rows_are_those_of_the_image(tmp_path, monkeypatch, suffix, at_once):
    monkeypatch.setattr(headers, 'DECODED_WHOLE', at_once)
    image = np.random.randint(0, 255, (10, 7, 3)).astype(np.uint8)
    path = tmp_path / f'a{suffix}'
    if suffix == '.npy':
        np.save(path, image)
    else:
        write_image(tmp_path / 'a', image, ['R', 'G', 'B'] if suffix == '.tif' else ())
    rows = image_rows(str(path), [2, 0])
    for y in (0, 4, 6):
        np.testing.assert_array_equal(rows.window(y, 4), image[y : y + 4][..., [2, 0]])


def test_jpeg_in_an_archive_is_decoded_as_in_a_folder(tmp_path):
    noise = cv2.GaussianBlur(np.random.randint(0, 255, (64, 64, 3)).astype(np.uint8), (5, 5), 0)
    cv2.imwrite(str(tmp_path / 'a.jpg'), noise)
    with zipfile.ZipFile(tmp_path / 'a.zip', 'w') as archive:
        archive.write(tmp_path / 'a.jpg', 'a.jpg')
    address = choose(list_files(tmp_path / 'a.zip'), '*.jpg')['a.jpg']
    rows = image_rows(address).window(0, 64)
    np.testing.assert_array_equal(rows, read_image(tmp_path / 'a.jpg'))


@pytest.mark.parametrize('kind', ['rgb.png', 'palette.png', 'rgb.tif'])
@pytest.mark.parametrize('piece', [1, 3, 1024])
@pytest.mark.parametrize('at_once', [0, 10**6])
def test_colour_masks(tmp_path, monkeypatch, kind, piece, at_once):
    monkeypatch.setattr(scene_rows, 'PIECE', piece)
    monkeypatch.setattr(headers, 'DECODED_WHOLE', at_once)
    mask = np.zeros((4, 3, 3), np.uint8)
    mask[:, 0], mask[:, 1], mask[3, 2] = (255, 0, 0), (0, 255, 255), (1, 2, 3)
    image = Image.fromarray(mask)
    if kind == 'palette.png':
        image = image.quantize(8)
    image.save(tmp_path / kind)
    ids, odd = ids_of(tmp_path / kind)
    assert ids[0].tolist() == [0, 1, 255] and odd.unknown == {'#000000': 3, '#010203': 1}
    with zipfile.ZipFile(tmp_path / 'a.zip', 'w') as archive:
        archive.write(tmp_path / kind, f'd/{kind}')
    again, _ = ids_of(choose(list_files(tmp_path / 'a.zip'), '*')[kind])
    np.testing.assert_array_equal(again, ids)


def test_masks_of_ids(tmp_path):
    ids = np.array([[0, 1, 7, 255]] * 4, np.uint8)
    write_mask(tmp_path / 'm.png', ids, [(9, 9, 9)])
    assert ids_of(tmp_path / 'm.png', None, ignored=[7])[0][0].tolist() == [0, 1, 255, 255]
    with pytest.raises(DataError, match=r'm\.png has the labels \[7\]: classes are 0\.\.1'):
        ids_of(tmp_path / 'm.png', None)


def test_ids_where_colours_are_expected(tmp_path):
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / 'm.png')
    with pytest.raises(DataError, match=r'm\.png holds one band\(s\) of uint8, a mask of colours'):
        ids_of(tmp_path / 'm.png')


def test_place_is_found_and_moves_with_the_window(tmp_path):
    path = tmp_path / 'a.tif'
    transform = from_origin(500, 900, 2, 2)
    image = np.zeros((8, 9, 3), np.uint16)
    write_image(
        tmp_path / 'a', image, ['R', 'G', 'NIR'], crs='EPSG:32633', transform=transform, nodata=7
    )
    place = placement(str(path), [2, 0])
    assert place['band_names'] == ['NIR', 'R'] and place['nodata'] == 7
    write_image(tmp_path / 'b', image[3:5, 4:6], **moved(placement(str(path)), (3, 4, 2, 2)))
    with rasterio.open(tmp_path / 'b.tif') as raster:
        assert raster.crs.to_epsg() == 32633 and raster.descriptions == ('R', 'G', 'NIR')
        assert (raster.bounds[0], raster.bounds[3]) == (508, 894)
    np.save(tmp_path / 'c.npy', image)
    assert placement(str(tmp_path / 'c.npy')) == {} == moved({}, (0, 0, 1, 1))


def test_the_palette_of_a_mask_of_another_grid(tmp_path):
    place = dict(crs='EPSG:32643', transform=from_origin(0, 0, 2, 2))
    path = write_image(tmp_path / 'm', np.array([[[0], [1]]], np.uint8), **place)
    with rasterio.open(path, 'r+') as raster:
        raster.write_colormap(1, {0: (0, 255, 255), 1: (255, 0, 0)})
    place = dict(place, transform=from_origin(0, 0, 1, 1))
    image = write_image(tmp_path / 'i', np.zeros((4, 4, 4), np.uint8), **place)
    ids, odd = ids_of(warped_labels(str(path), image_info(image)))
    assert (ids[:2] == [1, 1, 0, 0]).all() and (ids[2:] == 255).all() and not odd.unknown


def test_a_place_without_a_crs_moves_too(tmp_path):
    """Tiles of a scene with a world file lost their place."""
    image = np.ones((8, 8, 4), np.uint8)
    path = str(write_image(tmp_path / 'x', image, transform=from_origin(100, 200, 2, 2)))
    place = moved(placement(path), (4, 2, 4, 4))
    assert place == {'transform': from_origin(104, 192, 2, 2)}
    expected = {'crs': '', 'left': 104, 'bottom': 184, 'right': 112, 'top': 192}
    assert place_columns(placement(path), (4, 2, 4, 4)) == expected
    assert 'transform' not in placement(str(write_image(tmp_path / 'y', image)))
