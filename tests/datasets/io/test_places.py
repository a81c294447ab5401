import numpy as np

from glcnet_plugin.datasets.io.headers import ImageInfo
from glcnet_plugin.datasets.io.places import (
    Offset,
    offset_in_name,
    offset_of,
    shown_before,
    with_place,
)
from glcnet_plugin.datasets.tiling.folder_writer import write_image


def test_offsets_come_from_columns_and_names():
    assert offset_of({'source': 'a', 'y': '0', 'x': '57'}) == Offset('a', 0, 57)
    assert offset_of({'source': 'a'}) is None and offset_of({'name': 'a_0_57'}) is None
    assert offset_in_name('2_10_00000_00256') == Offset('2_10', 0, 256)
    assert offset_in_name('IMG_0123') is None


def test_the_manifest_places_images_that_do_not_say_it():
    info = ImageInfo(8, 8, 3, 'uint8')
    row = {'crs': 'EPSG:32643', 'left': '1', 'bottom': '2', 'right': '9', 'top': '10'}
    assert with_place(info, row).bounds == (1, 2, 9, 10)
    assert with_place(info, {}) is info and with_place(info, {**row, 'top': ''}) is info


def test_parts_that_earlier_tiles_have_shown(tmp_path):
    path = write_image(tmp_path / 'x', np.zeros((8, 8, 3), np.uint8))
    places = [('a', 0, 0), ('a', 0, 5), ('b', 0, 5), ('a', 5, 5), ('', 5, 5)]
    rows = [{'source': s, 'y': str(y), 'x': str(x)} for s, y, x in places]
    parts = list(shown_before(rows, [path] * 5))
    assert parts == [[], [(0, 0, 8, 3)], [], [(0, 0, 3, 3), (0, 0, 3, 8)], []]
