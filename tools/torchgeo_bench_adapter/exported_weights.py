"""Weights of `tools/export.py --layout timm` as a model of torchgeo-bench (0.4).

Needs torch, timm and torchgeo-bench, and nothing of this repository: copy this folder to where
torchgeo-bench runs. See `docs/weights.md`.

Example:
    PYTHONPATH=tools/torchgeo_bench_adapter torchgeo-bench run model=exported \
        --config-dir tools/torchgeo_bench_adapter model.weights=weights/net-0123abcd.pth
"""

import logging
import math
from collections.abc import Mapping, Sequence
from typing import Any

import timm
import torch
from torch import Tensor, nn
from torchgeo_bench.models import BenchModel, InputUnit

# Backbones of mmseg as options of timm's ResNets.
RESNETS: dict[str, dict[str, Any]] = {
    'ResNet': {},
    'ResNetV1c': {'stem_type': 'deep', 'stem_width': 32},
}
OF_MM = ('type', 'init_cfg', 'pretrained', 'checkpoint_path', 'features_only', 'in_channels')


def timm_options(backbone: Mapping[str, Any]) -> dict[str, Any]:
    """Options of ``timm.create_model`` that give the network of a backbone in MM.

    Args:
        backbone: Its config: a ResNet of mmseg, or a ``TIMMBackbone``.

    Returns:
        The options, for networks that return feature maps.

    Raises:
        ValueError: If timm has no such network.
    """
    kind = backbone['type'].rpartition('.')[-1]
    options = {'in_chans': backbone.get('in_channels', 3), 'features_only': True}
    if kind == 'TIMMBackbone':
        return {**options, **{key: backbone[key] for key in backbone if key not in OF_MM}}
    strides = tuple(backbone.get('strides', (1, 2, 2, 2)))
    dilations = resnet_dilations(strides)
    dilated = max(dilations) > 1
    equal = {
        'type': kind in RESNETS,
        'base_channels': backbone.get('base_channels', 64) == 64,
        'style': backbone.get('style', 'pytorch') == 'pytorch',
        'dilations': tuple(backbone.get('dilations', (1, 1, 1, 1))) == dilations,
        'contract_dilation': not dilated or backbone.get('contract_dilation', False),
        # the blocks of smaller ResNets are dilated in one convolution here, in both there
        'depth': not dilated or backbone['depth'] >= 50,
    }
    if other := [key for key, same in equal.items() if not same]:
        raise ValueError(f'timm has no network like this backbone ({", ".join(other)}): {backbone}')
    return {
        **options,
        **RESNETS[kind],
        'model_name': f'resnet{backbone["depth"]}',
        'output_stride': 4 * math.prod(strides),
        'out_indices': (1, 2, 3, 4),  # the stages, not the stem
    }


def resnet_dilations(strides: Sequence[int]) -> tuple[int, ...]:
    """Dilation of each stage of a ResNet in timm, which replaces strides of 2 by dilation."""
    kept = [2 if index and stride == 1 else 1 for index, stride in enumerate(strides)]
    return tuple(math.prod(kept[: index + 1]) for index in range(len(kept)))


def load_network(path: str) -> tuple[nn.Module, dict[str, Any]]:
    """Read an exported file.

    Args:
        path: The file.

    Returns:
        A network of timm that returns its maps from fine to coarse; and ``meta``.

    Raises:
        ValueError: If the file has another layout, or timm has no such network.
    """
    content = torch.load(path, map_location='cpu', weights_only=True)
    meta = content['meta']
    if meta['layout'] != 'timm':
        raise ValueError(f"{path} has layout '{meta['layout']}': export with --layout timm")
    network: nn.Module = timm.create_model(**timm_options(meta['architecture']['backbone']))
    network.load_state_dict(content['state_dict'])
    return network, meta


class ExportedBackbone(BenchModel):
    """Frozen backbone. The vector of an image is the mean over its coarsest map.

    The segmentation probe of torchgeo-bench reads the modules ``maps.0`` (coarsest), ``maps.1``,
    ... The bands are normalised as torchgeo-bench is told to: by default with the statistics of
    its data sets. ``dataset.normalization=model_native`` takes those of the pretraining instead,
    where that used 8-bit images.

    Args:
        bands: Bands of the data set, in the order of those of the pretraining.
        weights: File of ``tools/export.py --layout timm``.
        normalization: Strategy of torchgeo-bench.

    Raises:
        ValueError: If the weights are for another number of bands.
    """

    def __init__(
        self, bands: list[Any], *, weights: str, normalization: str = 'bandspec_zscore', **_: Any
    ) -> None:
        network, meta = load_network(weights)
        before = meta['bands']
        if 1 < max(before['mean']) < 256:
            self.expected_input_unit = InputUnit.UINT8  # which they divide by 255
            self.pretrain_mean, self.pretrain_std = (
                [value / 255 for value in before[key]] for key in ('mean', 'std')
            )
        super().__init__(bands, normalization)
        names = [band.name for band in bands]
        if len(names) != len(before['mean']):
            raise ValueError(
                f'{weights} is for {len(before["mean"])} bands, the data set has {len(names)} '
                f'({", ".join(names)}): set dataset.bands'
            )
        logging.getLogger(__name__).info('bands %s, in pretraining %s', names, before['names'])
        self.backbone = network
        self.maps = nn.ModuleList(nn.Identity() for _ in network.feature_info.channels())

    @torch.no_grad()
    def _forward_patch_features(self, images: Tensor) -> Tensor:
        """Embeddings (B, K) of normalised images (B, C, H, W)."""
        coarse_first = reversed(self.backbone(images))
        maps = [module(each) for module, each in zip(self.maps, coarse_first, strict=True)]
        return maps[0].mean((2, 3))
