import numpy as np

from glcnet_plugin.datasets.tiling.folder_writer import write_mask
from glcnet_plugin.datasets.tiling.labelled_windows import labelled_windows
from glcnet_plugin.datasets.tiling.recipe import Recipe, Scene

RECIPE = Recipe(('a', 'b'), [(1, 2, 3), (4, 5, 6)], 4)
WINDOWS = {f'{y}{x}': (y, x, 4, 4) for y in (0, 4, 8) for x in (0, 2)}


def test_windows_with_a_class(tmp_path):
    ids = np.full((12, 6), 255, np.uint8)
    ids[3, 1] = 1  # in the first window alone
    ids[9, 3] = 0  # in both windows of the last row; the row between has none
    path = tmp_path / 'mask.png'
    write_mask(path, ids, RECIPE.palette)
    scene = Scene('s', 's', 'image.png', str(path))
    assert list(labelled_windows(scene, RECIPE, WINDOWS)) == ['00', '80', '82']


def test_a_scene_without_a_mask_has_no_label():
    assert labelled_windows(Scene('s', 's', 'image.png'), RECIPE, WINDOWS) == {}
