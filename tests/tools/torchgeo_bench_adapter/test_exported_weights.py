import json
import os
import pickle
import subprocess
import sys
from enum import StrEnum
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS
from torch import nn

from glcnet_plugin.checkpoints.export import export_weights

timm = pytest.importorskip('timm')
ROOT = Path(__file__).resolve().parents[3]
FOLDER = ROOT / 'tools/torchgeo_bench_adapter'
INSTALLED = find_spec('torchgeo_bench') is not None
needs_package = pytest.mark.skipif(not INSTALLED, reason='needs torchgeo-bench')


class Interface(nn.Module):
    """What is used of torchgeo_bench.models.BenchModel, where the package is missing."""

    def __init__(self, bands, normalization):
        super().__init__()
        self.bands, self.num_channels, self.normalization = bands, len(bands), normalization

    def forward(self, images):
        return self._forward_patch_features(images)


if INSTALLED:
    import h5py
    import pandas as pd
else:
    package, models = ModuleType('torchgeo_bench'), ModuleType('torchgeo_bench.models')
    models.BenchModel, models.InputUnit = Interface, StrEnum('InputUnit', 'UINT8')
    sys.modules.update({'torchgeo_bench': package, 'torchgeo_bench.models': models})
sys.path.insert(0, str(FOLDER))
from exported_weights import ExportedBackbone, load_network, resnet_dilations, timm_options  # noqa: E402

pytestmark = pytest.mark.slow  # builds networks, or trains

RESNET50 = Config.fromfile(ROOT / 'configs/_base_/backbones/resnet50_os16.py').backbone.to_dict()
RESNET18 = dict(RESNET50, depth=18, strides=(1, 2, 2, 2), dilations=(1, 1, 1, 1))
LITE = Config.fromfile(ROOT / 'configs/_base_/backbones/efficientnet_lite0.py').backbone.to_dict()
RGB = [
    SimpleNamespace(name=name, sensor='s2', mean=1000.0, std=300.0, min=0.0, max=28000.0)
    for name in ('red', 'green', 'blue')
]


def with_other_statistics(network):
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    network.eval()  # returns nothing in MM
    return network


@pytest.fixture
def export(tmp_path, mmseg_scope):
    """Build a backbone, save it as a training does, and export it."""

    def run(backbone, layout='timm', mean=127.5):
        network = with_other_statistics(MODELS.build(dict(backbone)))
        content = {
            'state_dict': {f'backbone.{k}': v for k, v in network.state_dict().items()},
            'meta': {
                'cfg': Config(dict(model=dict(backbone=dict(backbone)))).pretty_text,
                'bands': {'names': None, 'mean': [mean] * 3, 'std': [80.0] * 3},
            },
        }
        torch.save(content, tmp_path / 'epoch_1.pth')
        path = export_weights(str(tmp_path / 'epoch_1.pth'), tmp_path / 'out', 'backbone', layout)
        return network, str(path.path)

    return run


@pytest.mark.parametrize(
    'backbone',
    [RESNET50, dict(RESNET50, type='mmseg.ResNetV1c'), RESNET18, LITE],
    ids=['resnet50', 'resnet50c', 'resnet18', 'efficientnet_lite0'],
)
def test_the_network_of_timm_gives_the_maps_of_the_trained_one(export, backbone):
    trained, path = export(backbone)
    network, meta = load_network(path)
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        for ours, theirs in zip(trained(images), network.eval()(images), strict=True):
            torch.testing.assert_close(theirs, ours)
    assert meta['bands']['mean'] == [127.5] * 3


@pytest.mark.parametrize(
    ('strides', 'dilations'),
    [((1, 2, 2, 2), (1, 1, 1, 1)), ((1, 2, 2, 1), (1, 1, 1, 2)), ((1, 2, 1, 1), (1, 1, 2, 4))],
)
def test_a_stride_of_two_that_is_left_out_doubles_the_dilation(strides, dilations):
    assert resnet_dilations(strides) == dilations


@pytest.mark.parametrize(
    ('change', 'what'),
    [
        (dict(depth=18), 'depth'),
        (dict(contract_dilation=False), 'contract_dilation'),
        (dict(dilations=(1, 1, 1, 1)), 'dilations'),
        (dict(base_channels=16), 'base_channels'),
        (dict(style='caffe'), 'style'),
        (dict(type='mmpretrain.SwinTransformer'), 'type'),
    ],
)
def test_a_backbone_that_timm_does_not_have_is_refused(change, what):
    with pytest.raises(ValueError, match=rf'no network like this backbone \({what}\)'):
        timm_options(dict(RESNET50, **change))


def test_options_of_a_network_of_timm_are_kept():
    options = timm_options(dict(LITE, in_channels=4, pretrained=True, output_stride=16))
    assert options == dict(
        model_name='tf_efficientnet_lite0', features_only=True, in_chans=4, output_stride=16,
        out_indices=(1, 2, 3, 4),
    )  # fmt: skip
    maps = timm.create_model(**options)(torch.zeros(1, 4, 64, 64))
    assert [m.shape[-1] for m in maps] == [16, 8, 4, 4]


def test_another_layout_is_refused(export):
    _, path = export(RESNET18, layout='mm')
    with pytest.raises(ValueError, match="has layout 'mm': export with --layout timm"):
        load_network(path)


def test_an_embedding_is_the_mean_of_the_coarsest_map(export):
    trained, path = export(RESNET18)
    model = ExportedBackbone(RGB, weights=path, normalization='identity', name='x').eval()
    seen = []
    for module in model.maps:
        module.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    images = torch.randn(2, 3, 64, 64)
    embeddings = model(images)
    with torch.no_grad():
        maps = trained(images)
    torch.testing.assert_close(embeddings, maps[3].mean((2, 3)))
    assert [m.shape[1] for m in seen] == [512, 256, 128, 64]  # coarse to fine
    assert not embeddings.requires_grad


def test_the_bands_of_the_pretraining_are_told_where_they_were_of_8_bits(export):
    _, path = export(RESNET18)
    model = ExportedBackbone(RGB, weights=path, normalization='identity')
    assert model.pretrain_mean == [0.5] * 3  # 127.5 / 255
    assert model.pretrain_std == [80 / 255] * 3
    assert model.expected_input_unit.name == 'UINT8'


@pytest.mark.parametrize('mean', [0.3, 1100.0])
def test_other_units_are_left_open(export, mean):
    _, path = export(RESNET18, mean=mean)
    model = ExportedBackbone(RGB, weights=path, normalization='identity')
    assert not getattr(model, 'pretrain_mean', None)


def test_another_number_of_bands_is_refused(export):
    _, path = export(RESNET18)
    with pytest.raises(ValueError, match=r'for 3 bands, the data set has 2 \(red, green\)'):
        ExportedBackbone(RGB[:2], weights=path, normalization='identity')


def write_eurosat(folder):
    """30 images in the layout of m-eurosat of GEO-Bench 1; two classes, bright and dark."""
    bands = ['02 - Blue', '03 - Green', '04 - Red']
    rng = np.random.default_rng(0)
    names = {split: [f'{split}{i}' for i in range(10)] for split in ('train', 'valid', 'test')}
    folder.mkdir(parents=True)
    (folder / 'default_partition.json').write_text(json.dumps(names))
    for name in chain(*names.values()):
        label = int(name[-1]) % 2
        with h5py.File(folder / f'{name}.hdf5', 'w') as file:
            for band in bands:
                file[band] = rng.normal(500 + 1000 * label, 100, (64, 64))
            facts = pickle.dumps({'label': label, 'bands_order': bands})
            file.attrs['pickle'] = repr(facts)


@needs_package
def test_their_command_scores_exported_weights(export, tmp_path):
    """Classes that differ in brightness by ten deviations are told apart."""
    _, path = export(RESNET18)
    write_eurosat(tmp_path / 'data/classification_v1.0/m-eurosat')
    command = [
        sys.executable, '-m', 'torchgeo_bench.cli', 'run', '--config-dir', FOLDER, 'model=exported',
        f'model.weights={path}', 'dataset.names=[m-eurosat]', 'dataset.image_size=64',
        'dataset.num_workers=0', 'device=cpu', 'output=rows.csv', 'eval.c_range=[-1,1,3]',
    ]  # fmt: skip
    subprocess.run(command, check=True, cwd=tmp_path, env={**os.environ, 'PYTHONPATH': str(FOLDER)})
    rows = pd.read_csv(tmp_path / 'rows.csv').set_index('method')
    assert list(rows.index) == ['knn5', 'linear']
    assert set(rows.name) == {path} and set(rows.feature_dim) == {512}
    assert rows.metric_value['linear'] == 1
