from xml.etree import ElementTree

from doc_figures import ROOT, method


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
