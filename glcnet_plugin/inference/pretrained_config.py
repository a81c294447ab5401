"""What a network for prediction takes from the checkpoint of a pretraining."""

import logging
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from glcnet_plugin.checkpoints.safe_load import read_weights
from glcnet_plugin.engine.data_settings import LOADERS, dataset_settings
from glcnet_plugin.models.channel_inference import decode_head_class
from glcnet_plugin.models.decode_heads.linear_decoder_head import LinearDecoderHead
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
    readers = _readers((recorded.get('train_dataloader') or {}).get('dataset'))
    read = [{key: step[key] for key in LOADING if key in step} for step in readers]
    if any(other != read[0] for other in read):
        print_log(
            f'the pretraining read its data sets in different ways, {read}; here, bands are read '
            'as the config says',
            logger='current', level=logging.WARNING,
        )  # fmt: skip
    elif read:
        for loader in LOADERS:
            for step in _readers(cfg[loader].dataset):
                step.update(read[0])


def _readers(dataset: Any) -> list[Any]:
    """Steps that read the images of the data sets of a loader, below wrappers too."""
    return [
        step
        for part in dataset_settings(dataset)
        for step in part.get('pipeline') or ()
        if str(step['type']).endswith(READER)
    ]


def trained_decoder(recorded: dict[str, Any]) -> dict[str, Any] | None:
    """The decode head that a pretraining trained with a local branch, on the maps of the backbone.

    Args:
        recorded: Config of the pretraining.

    Returns:
        Config of the decode head; None where there is none, or a neck before it.
    """
    model = recorded.get('model') or {}
    head = model.get('decode_head')
    is_trained = isinstance(head, dict) and model.get('local_head') and not model.get('neck')
    return head if is_trained else None


def take_backbone(cfg: Config, pretrained: str, recorded: dict[str, Any]) -> None:
    """Take the backbone and its normalisation of the pretraining, if the checkpoint says them.

    A decode head that reads the map of a decoder gets that of the pretraining.

    Args:
        cfg: Config of a segmentation network, which is changed.
        pretrained: The checkpoint.
        recorded: Its config.
    """
    meta = read_weights(pretrained).get('meta') or {}
    model = recorded.get('model') or {}
    backbone = model.get('backbone')
    if not isinstance(backbone, dict):
        return
    backbone = {key: value for key, value in backbone.items() if key != 'init_cfg'}
    cfg.model.backbone = backbone
    # MM's checkpoints have no record of the bands
    stated = model.get('data_preprocessor') or recorded.get('data_preprocessor')
    bands = meta.get('bands') or stated or {}
    for key in ('mean', 'std'):
        if bands.get(key):
            cfg.model.data_preprocessor[key] = bands[key]
    names = cfg.model.data_preprocessor.get('band_names')
    if names is not None and len(names) != len(cfg.model.data_preprocessor.mean):
        cfg.model.data_preprocessor.band_names = None  # told when the images are read
    if cfg.model.decode_head.get('input_transform') is not None:  # it reads all maps
        indices = backbone.get('out_indices', (0, 1, 2, 3))
        cfg.model.decode_head.in_index = list(range(len(indices)))
    decoder = trained_decoder(recorded)
    head = decode_head_class(cfg.model.decode_head.type)
    if decoder is not None and isinstance(head, type) and issubclass(head, LinearDecoderHead):
        cfg.model.decode_head.decoder = decoder
