import subprocess
import sys

import pytest

BUILD = """
from mmengine.registry import {registry}, DefaultScope
with DefaultScope.overwrite_default_scope({scope!r}):
    print(type({registry}.build(dict({config}))).__name__)
"""


@pytest.mark.parametrize('scope', ['mmpretrain', 'mmseg'])
@pytest.mark.parametrize(
    ('registry', 'config', 'name'),
    [
        ('MODELS', "type='glcnet_plugin.NTXentLoss'", 'NTXentLoss'),
        ('TRANSFORMS', "type='glcnet_plugin.LoadRSImage'", 'LoadRSImage'),
        ('METRICS', "type='glcnet_plugin.RSSegMetric'", 'RSSegMetric'),
        ('HOOKS', "type='glcnet_plugin.LoadPretrainedHook'", 'LoadPretrainedHook'),
    ],
)
def test_prefixed_names_build_in_a_fresh_interpreter(tmp_path, scope, registry, config, name):
    code = BUILD.format(registry=registry, scope=scope, config=config)
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout.strip().splitlines()[-1] == name


@pytest.mark.parametrize(
    ('registry', 'names'),
    [
        ('MODELS', ['GLCNet', 'StyleContrastHead', 'LocalMatchingHead', 'NTXentLoss']),
        ('DATASETS', ['UnlabeledRSDataset', 'FolderSegDataset']),
        ('TRANSFORMS', ['LoadRSImage', 'TwoViews', 'RandomRotate90', 'RandomBandCopy']),
        ('METRICS', ['RSSegMetric']),
        ('HOOKS', ['LoadPretrainedHook', 'ProvenanceHook']),
    ],
)
def test_documented_names_are_registered(registry, names):
    from glcnet_plugin import registry as registries

    for name in names:
        assert getattr(registries, registry).get(f'glcnet_plugin.{name}').__name__ == name


def test_misspelt_key_is_refused():
    from glcnet_plugin.registry import MODELS

    with pytest.raises(TypeError, match='temperatur'):
        MODELS.build(dict(type='glcnet_plugin.NTXentLoss', temperatur=0.1))
