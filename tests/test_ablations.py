"""The configs of ablations and variants change what their names say, and nothing else."""

from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from mmpretrain.structures import DataSample

ROOT = Path(__file__).resolve().parents[1]
BASE = 'glcnet_resnet50-deeplabv3plus_1xb64-amp-adam-coslr-100e_images-rgb'
DENOMINATOR = {
    f'model.{h}.loss.positive_in_denominator': True for h in ('style_head', 'local_head')
}


def temperature(value):
    return {f'model.{head}.loss.temperature': value for head in ('style_head', 'local_head')}


CHANGES = {
    'no-style': {'model.style_head.type': 'glcnet_plugin.AverageContrastHead'},
    'no-global': {'model.style_head': None},
    'no-local': {'model.local_head': None},
    **{f'lambda{v:03.0f}': {'model.lambda_global': v / 100} for v in (0, 25, 75, 100)},
    **{f'regions{k}': {'model.local_head.num_regions': k} for k in (1, 2, 8, 16)},
    **{f'region{s}px': {'model.local_head.region_size': s} for s in (16, 32, 64)},
    'tau01': temperature(0.1),
    'tau02': temperature(0.2),
    'tau10': temperature(1.0),
    'positive-in-denominator': DENOMINATOR,
}
SCOPES = {'scope-backbone': 'backbone', 'scope-encoder-decoder': 'encoder_decoder'}
ABLATIONS = sorted((ROOT / 'configs/ablations').glob('glcnet_*.py'))


def flat(content, prefix=''):
    """Nested dicts as one dict with dotted keys; everything else is a value."""
    found = {}
    for key, value in content.items():
        name = f'{prefix}{key}'
        if isinstance(value, dict) and value:
            found.update(flat(value, f'{name}.'))
        else:
            found[name] = value
    return found


def differences(path, base):
    cfg, other = (Config.fromfile(p).to_dict() for p in (path, base))
    mine, theirs = flat(cfg), flat(other)
    changed = {key: value for key, value in mine.items() if theirs.get(key, '-') != value}
    # a variable of the leaf that the model repeats
    return {key: value for key, value in changed.items() if not key.startswith('loss.')}


def test_all_ablations_are_known():
    assert {path.stem.removeprefix(f'{BASE}-') for path in ABLATIONS} == set(CHANGES)


@pytest.mark.parametrize('path', ABLATIONS, ids=lambda p: p.stem.removeprefix(f'{BASE}-'))
def test_ablation_changes_what_it_says_and_learns(path):
    expected = CHANGES[path.stem.removeprefix(f'{BASE}-')]
    assert differences(path, ROOT / f'configs/glcnet/{BASE}.py') == expected
    assert len(path.read_text().splitlines()) <= 10
    cfg = Config.fromfile(path)
    with DefaultScope.overwrite_default_scope('mmpretrain'):
        model = MODELS.build(cfg.model)
    sample = DataSample()
    sample.set_field(torch.eye(3).repeat(2, 1, 1), 'view_matrix')
    views = [torch.randint(0, 256, (2, 3, 64, 64)).byte() for _ in range(2)]
    data = model.data_preprocessor({'inputs': views, 'data_samples': [sample] * 2}, True)
    losses = model(**data, mode='loss')
    total, _ = model.parse_losses(losses)
    total.backward()
    kept = {name for name in ('style', 'local') if cfg.model[f'{name}_head'] is not None}
    assert total.isfinite() and {k for k in losses if 'loss' in k} == {f'loss_{k}' for k in kept}


@pytest.mark.parametrize(('name', 'scope'), SCOPES.items())
def test_scopes_of_the_fine_tuning(name, scope):
    base = 'deeplabv3plus_resnet50_1xb16-adam-exp-150e_folder-rgb'
    path = ROOT / f'configs/ablations/{base}-{name}.py'
    assert len(path.read_text().splitlines()) <= 10
    (changed,) = differences(path, ROOT / f'configs/downstream/{base}.py').items()
    hooks = Config.fromfile(ROOT / f'configs/downstream/{base}.py').custom_hooks
    expected = [dict(hooks[0], scope=scope), *map(dict, hooks[1:])]
    assert changed == ('custom_hooks', expected)
