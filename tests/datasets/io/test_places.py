import numpy as np
import pytest

from glcnet_plugin.datasets.io.headers import ImageInfo
from glcnet_plugin.datasets.io.places import (
    Offset,
    offset_in_name,
    offset_of,
    shown_before,
    with_place,
)
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError


def test_offsets_come_from_columns_and_names():
    assert offset_of({'source': 'a', 'y': '0', 'x': '57'}) == Offset('a', 0, 57)
    assert offset_of({'source': 'a'}) is None and offset_of({'name': 'a_0_57'}) is None
    assert offset_in_name('2_10_00000_00256') == Offset('2_10', 0, 256)
    assert offset_in_name('IMG_0123') is None


def test_offsets_that_were_written_as_floats():
    """A column with gaps becomes one of floats; the overlap of its tiles was no longer seen."""
    row = {'name': 'a', 'source': 's', 'y': '256.0', 'x': '-32'}
    assert offset_of(row) == Offset('s', 256, -32) and offset_of({**row, 'y': ''}) is None
    for wrong in ('12,5', '0.5', 'nan', 'inf', 'top'):
        with pytest.raises(DataError, match=f"row of 'a' .* y = '{wrong}', x = .*: give whole"):
            offset_of({**row, 'y': wrong})
        assert offset_of({**row, 'y': wrong, 'source': ''}) is None


def test_the_manifest_places_images_that_do_not_say_it():
    info = ImageInfo(8, 8, 3, 'uint8')
    row = {'crs': 'EPSG:32643', 'left': '1', 'bottom': '2', 'right': '9', 'top': '10'}
    assert with_place(info, row).bounds == (1, 2, 9, 10)
    assert with_place(info, {}) is info and with_place(info, {**row, 'top': ''}) is info
    for wrong in ('10,5', 'nan'):  # the image was compared with nothing
        with pytest.raises(DataError, match=f"top = '{wrong}': give numbers with a decimal point"):
            with_place(info, {**row, 'top': wrong})


def test_parts_that_earlier_tiles_have_shown(tmp_path):
    path = write_image(tmp_path / 'x', np.zeros((8, 8, 3), np.uint8))
    places = [('a', 0, 0), ('a', 0, 5), ('b', 0, 5), ('a', 5, 5), ('', 5, 5)]
    rows = [{'source': s, 'y': str(y), 'x': str(x)} for s, y, x in places]
    parts = list(shown_before(rows, [path] * 5))
    assert parts == [[], [(0, 0, 8, 3)], [], [(0, 0, 3, 3), (0, 0, 3, 8)], []]


def test_scenes_of_one_name_in_two_groups(tmp_path):
    """The tiles of the second group were taken for shown, and not scored."""
    path = write_image(tmp_path / 'x', np.zeros((8, 8, 3), np.uint8))
    rows = [{'source': 's', 'y': '0', 'x': '0', 'group': group} for group in 'ABA']
    assert list(shown_before(rows, [path] * 3)) == [[], [], [(0, 0, 8, 8)]]
