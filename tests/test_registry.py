import subprocess
import sys

import pytest

BUILD = """
import mmengine.registry
for registry, name in {names}:
    with mmengine.registry.DefaultScope.overwrite_default_scope({scope!r}):
        built = getattr(mmengine.registry, registry).build(dict(type=f'glcnet_plugin.{{name}}'))
    print(type(built).__name__)
"""
NAMES = [
    ('MODELS', 'NTXentLoss'), ('TRANSFORMS', 'LoadRSImage'), ('METRICS', 'RSSegMetric'),
    ('HOOKS', 'LoadPretrainedHook'),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize('scope', ['mmpretrain', 'mmseg'])
def test_prefixed_names_build_in_a_fresh_interpreter(tmp_path, scope):
    """In a real one, in which nothing is imported yet."""
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', BUILD.format(names=NAMES, scope=scope)],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    printed = done.stdout.replace('Could not import OneDL\n', '')  # of the hosts, at any time
    assert printed.split() == [name for _, name in NAMES]


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
