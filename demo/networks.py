"""The two configs of the demo, fitted to the bands of the images."""

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config

from glcnet_plugin.apis.band_statistics import band_statistics
from glcnet_plugin.datasets.descriptions import image_files
from glcnet_plugin.datasets.images import read_image

CONFIGS = Path(__file__).resolve().parents[1] / 'configs'
PRETRAIN = CONFIGS / 'glcnet/glcnet_resnet18w16-deeplabv3plus_1xb32-adam-coslr-60e_demo.py'
FINETUNE = CONFIGS / 'downstream/deeplabv3plus_resnet18w16_1xb8-adam-120i_demo.py'
DESCRIBED = 200  # tiles whose statistics stand for all


@cache
def band_settings(tiles: Path) -> dict[str, Any]:
    """Settings of the model that depend on the bands.

    Args:
        tiles: Labelled folder of tiles.

    Returns:
        Nothing for 8-bit RGB, which the configs are made for; else the number of bands, and
        their means and deviations.
    """
    paths = list(image_files(tiles / 'images').values())
    first = read_image(paths[0])
    if first.shape[2] == 3 and first.dtype == np.uint8:
        return {}
    statistics = band_statistics(paths[:: max(1, len(paths) // DESCRIBED)])
    return {
        'model.backbone.in_channels': len(statistics.mean),
        'model.data_preprocessor.mean': statistics.mean.tolist(),
        'model.data_preprocessor.std': np.maximum(statistics.std, 1e-6).tolist(),
    }


def pretrain_config(tiles: Path, path: Path = PRETRAIN) -> Config:
    """Config of the pretraining on the images of a folder."""
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(band_settings(tiles))
    cfg.train_dataloader.dataset.data_root = str(tiles / 'images')
    return cfg


def segmentor_config(tiles: Path, num_classes: int, path: Path = FINETUNE) -> Config:
    """Config of the fine-tunes on the tiles of a folder."""
    cfg = Config.fromfile(path)
    cfg.merge_from_dict(band_settings(tiles))
    cfg.model.decode_head.num_classes = num_classes
    for part in ('train', 'val', 'test'):
        cfg[f'{part}_dataloader'].dataset.data_root = str(tiles)
    return cfg
