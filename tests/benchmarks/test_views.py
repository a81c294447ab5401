import numpy as np
import pytest
from mmcv.transforms import Compose
from views import RECIPES, TILES, measured, milliseconds, recipe, single_steps, stock, tile


@pytest.mark.parametrize('kind', TILES)
def test_stock_steps_make_views_of_the_same_size_and_type(mmpretrain_scope, kind):
    bands, dtype = TILES[kind]
    sample = tile(256, bands, dtype)
    assert sample['img'].shape == (256, 256, bands) and sample['img'].dtype == dtype
    for steps in stock(recipe(RECIPES['unlabeled_224'][0]), bands, dtype):
        for _ in range(5):
            view = Compose(steps)({**sample})['img']
            assert view.shape == (224, 224, bands) and view.dtype == dtype


@pytest.mark.parametrize('name', RECIPES)
def test_each_recipe_is_measured(mmpretrain_scope, name):
    figures = measured(*RECIPES[name], 4, 'float32', draws=2)
    assert figures['ms_per_pair']['ours']['min'] > 0
    steps = figures['ms_per_applied_step']
    assert next(iter(steps)) == 'TrackedRandomResizedCrop' and 'RandomHSVShift' in steps
    assert ('RandomPixelNoise' in steps) == (name == 'potsdam')


def test_the_recipes_are_found_from_every_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert all(len(recipe(config)) == 2 for config, _ in RECIPES.values())


def test_steps_are_taken_out_of_their_wrappers():
    inner = dict(type='a', prob=0.5)
    steps = [dict(type='RandomApply', prob=0.8, transforms=[inner]), dict(type='b', prob=[0.2] * 3)]
    assert list(single_steps(steps)) == [
        dict(type='a', prob=1.0),
        dict(type='b', prob=[1 / 3] * 3),
    ]


def test_functions_run_in_turns():
    order = []
    times = milliseconds({name: lambda name=name: order.append(name) for name in 'ab'}, 3)
    assert order == list('ababab') and list(times['a']) == ['mean', 'median', 'min']
    assert np.isfinite([*times['a'].values()]).all()
