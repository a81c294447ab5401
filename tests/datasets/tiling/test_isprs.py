from glcnet_plugin.datasets.tiling.isprs import isprs_recipe, pair_scenes


def test_scenes_are_paired_by_number(capsys):
    scenes = pair_scenes({'2_10': 'a', '2_9': 'b'}, {'2_9': 'c', '2_10': 'd', '3_1': 'e'}, '')
    assert [(scene.name, scene.mask) for scene in scenes] == [('2_9', 'c'), ('2_10', 'd')]
    assert '1 masks have no image and are left out: 3_1' in capsys.readouterr().out


def test_black_is_a_colour_of_the_eroded_masks_only():
    assert (0, 0, 0) not in isprs_recipe(256, 'all', ('R', 'G', 'B')).colours
    assert isprs_recipe(256, 'noBoundary', ('R', 'G', 'B')).colours[0, 0, 0] == 255
