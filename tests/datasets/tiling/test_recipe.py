import json
from dataclasses import replace
from pathlib import Path

from glcnet_plugin.datasets.io.masks import OddColours
from glcnet_plugin.datasets.tiling.recipe import Recipe, Summary

RECIPE = Recipe(('a', 'b'), [(1, 2, 3), (4, 5, 6)], 16, {(1, 2, 3): 0, (0, 0, 0): 255})


def test_settings_are_what_json_gives_back():
    settings = RECIPE.settings()
    assert json.loads(json.dumps(settings)) == settings
    assert settings['colours'] == {'#000000': 255, '#010203': 0}
    assert settings['classes'] == ['a', 'b'] and settings['tile'] == 16
    assert 'labelled_only' not in settings  # as in folders that were begun by earlier versions
    assert replace(RECIPE, labelled_only=True).settings() == {**settings, 'labelled_only': True}


def test_summary_tells_colours_beside_the_legend_from_unknown_ones():
    odd = OddColours({'#010203': 2}, {'#FCFF00 taken for #FFFF00': 4})
    lines = Summary(Path('out'), RECIPE, 5, 2, 20, 0, {0: 3, 255: 1}, odd, 7.0).lines()
    assert lines[0] == '5 scenes (2 done earlier), 20 tiles of 16 px in out, 7 s'
    assert [line.split() for line in lines[1:4]] == [
        ['a', '75.00%'], ['b', '0.00%'], ['(ignored)', '25.00%']
    ]  # fmt: skip
    assert lines[4] == 'colours beside the legend: #FCFF00 taken for #FFFF00 (4 px)'
    assert lines[5] == 'unknown colours, ignored: #010203 (2 px)'
    assert len(Summary(Path('out'), RECIPE, 5, 0, 20, 0, {}, OddColours(), 7.0).lines()) == 4
    lines = Summary(Path('out'), RECIPE, 5, 0, 20, 3, {}, OddColours(), 7.0).lines()
    assert lines[1] == '3 tiles without data left out'
    recipe = replace(RECIPE, labelled_only=True)
    lines = Summary(Path('out'), recipe, 5, 0, 20, 3, {}, OddColours(), 7.0).lines()
    assert lines[1] == '3 tiles without data or labels left out'
