import map_picture
import numpy as np
from synthetic.make_scenes import make_scenes

from glcnet_plugin.datasets.io.folder_format import read_classes


def test_tiles_are_joined_to_their_scene(scenes, tmp_path):
    image, classes = map_picture.join_tiles(scenes, 's001')
    make_scenes(tmp_path, scenes=3, size=320, tile=320)  # the same scenes, in one tile each
    whole, truth = map_picture.join_tiles(tmp_path, 's001')
    np.testing.assert_array_equal(classes, truth)
    assert image.shape == (320, 320, 3) and np.abs(image.astype(int) - whole).mean() < 3  # JPEG


def test_the_figure_shows_scene_map_and_truth(scenes):
    image, truth = map_picture.join_tiles(scenes, 's000')
    predicted = truth.copy()
    figure = map_picture.draw(image, predicted, truth, read_classes(scenes))
    titles = [axis.get_title() for axis in figure.axes]
    assert titles[1].endswith('Kappa 1.00') and titles[2] == 'the truth'
    drawn = figure.axes[1].images[0].get_array()
    assert tuple(drawn[0, 0]) == tuple(read_classes(scenes)['palette'][truth[0, 0]])
