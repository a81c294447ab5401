"""What a network for prediction takes from the checkpoint of a pretraining."""

from typing import Any

from mmengine.config import Config

from glcnet_plugin.checkpoints.safe_load import read_weights
from glcnet_plugin.utils.config_diff import read_config

READER = 'LoadRSImage'
LOADING = ('bands', 'band_names', 'nodata_fill', 'alpha')  # of the reader


def recorded_config(pretrained: str) -> dict[str, Any]:
    """The config in a checkpoint; empty without one.

    Args:
        pretrained: Checkpoint of a pretraining, or published weights.

    Returns:
        The config as plain dictionaries.
    """
    meta = read_weights(pretrained).get('meta') or {}
    text = meta.get('cfg', meta.get('config'))
    return read_config(text) if isinstance(text, str) else {}


def take_loading(cfg: Config, recorded: dict[str, Any]) -> None:
    """Read images as the pretraining did: the same bands in the same order.

    Args:
        cfg: Config of a segmentation network, which is changed.
        recorded: Config of the pretraining.
    """
    dataset = (recorded.get('train_dataloader') or {}).get('dataset') or {}
    readers = [s for s in dataset.get('pipeline') or () if str(s.get('type')).endswith(READER)]
    kept = {key: readers[0][key] for key in LOADING if readers and key in readers[0]}
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        for step in cfg[loader].dataset.pipeline:
            if str(step['type']).endswith(READER):
                step.update(kept)


def take_backbone(cfg: Config, pretrained: str, recorded: dict[str, Any]) -> None:
    """Take the backbone and its normalisation of the pretraining, if the checkpoint says them.

    Args:
        cfg: Config of a segmentation network, which is changed.
        pretrained: The checkpoint.
        recorded: Its config.
    """
    meta = read_weights(pretrained).get('meta') or {}
    backbone = (recorded.get('model') or {}).get('backbone')
    if not isinstance(backbone, dict):
        return
    backbone = {key: value for key, value in backbone.items() if key != 'init_cfg'}
    cfg.model.backbone = backbone
    bands = meta.get('bands') or {}
    for key in ('mean', 'std'):
        if bands.get(key):
            cfg.model.data_preprocessor[key] = bands[key]
    indices = backbone.get('out_indices', (0, 1, 2, 3))
    cfg.model.decode_head.in_index = list(range(len(indices)))
