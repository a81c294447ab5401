import numpy as np
import pytest

from glcnet_plugin.datasets.io.palettes import PaletteError, ids_by_palette, palette_order

R, G, B, BLACK, GREY = (255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0), (9, 9, 9)
WANTED = {R: 0, G: 1, B: 2}


@pytest.mark.parametrize(
    ('used', 'colours', 'order'),
    [
        ([0, 1, 2], [R, G, B], {}),
        ([0, 1, 2], [B, R, G], {0: 2, 1: 0, 2: 1}),
        ([0, 1], [B, R, BLACK, BLACK], {0: 2, 1: 0}),  # those of one image, filled up
        ([1, 0, 255], [G, R], {0: 1, 1: 0}),  # 255 is ignored
        ([0, 1, 2], [BLACK, GREY, (1, 2, 3)], {}),  # a viewer's: the ids count
        ([0, 1, 2], [BLACK] * 256, {}),
        ([0, 1], [GREY, R, B], {}),  # one id of another class's colour may be chance
    ],
)
def test_order_of_a_palette(used, colours, order):
    assert palette_order(used, dict(enumerate(colours)), WANTED, [255], 'm.png') == order


def test_a_palette_that_contradicts_the_classes_in_part_stops():
    colours = dict(enumerate([BLACK, R, G, B]))  # 1..N with 0 as nodata
    with pytest.raises(PaletteError, match=r'm.png: .*3 ids .* 1 the colour #FF0000 of class 0'):
        palette_order([0, 1, 2, 3], colours, WANTED, [255], 'm.png')
    shifted = {colour: value + 1 for colour, value in WANTED.items()}
    assert palette_order([0, 1, 2, 3], colours, shifted, [0, 255], 'm.png') == {}


def test_ids_are_taken_by_colour():
    ids = np.array([[0, 1, 2, 255]], np.uint8)
    mapped = ids_by_palette(ids, dict(enumerate([B, R, G])), WANTED, [255], 'm.png')
    assert mapped.tolist() == [[2, 0, 1, 255]] and ids.tolist() == [[0, 1, 2, 255]]
