from glcnet_plugin.datasets.vector.colours import distinct_colours


def test_every_class_has_its_own_colour_and_keeps_it():
    colours = distinct_colours(255)
    assert len(set(colours)) == 255 and distinct_colours(3) == colours[:3]
    assert all(0 <= value <= 255 for colour in colours for value in colour)
