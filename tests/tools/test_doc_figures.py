from xml.etree import ElementTree

import pytest
from doc_figures import ROOT, matched_regions, method


def test_the_figure_of_the_documents_is_the_one_that_is_drawn():
    assert (ROOT / 'docs/images/method.svg').read_text(encoding='utf-8') == method()


def test_boxes_lie_inside_and_do_not_overlap():
    root = ElementTree.fromstring(method())
    width, height = map(float, root.get('viewBox').split()[2:])
    boxes = [
        [float(node.get(key)) for key in ('x', 'y', 'width', 'height')]
        for node in root
        if node.get('class', '').startswith('box')
    ]
    assert len(boxes) == 8
    for index, (x, y, w, h) in enumerate(boxes):
        assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
        for a, b, c, d in boxes[:index]:
            assert x >= a + c or a >= x + w or y >= b + d or b >= y + h


@pytest.mark.slow
def test_regions_of_a_pair_have_the_same_numbers_in_both_views(tmp_path):
    figure = matched_regions(tmp_path, pairs=2)
    for column in range(2):
        above, below = (
            {text.get_text() for text in figure.axes[index].texts} for index in (column, column + 2)
        )
        assert above == below and len(above) > 0
