"""Load a segmentation network from a checkpoint alone."""

import colorsys
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from torch import Tensor, nn

from glcnet_plugin.checkpoints.loading import refuse_nan
from glcnet_plugin.checkpoints.safe_load import read_weights
from glcnet_plugin.datasets.io.rasters import band_indices
from glcnet_plugin.engine.run_config import read_config_file
from glcnet_plugin.errors import CheckpointMismatchError, ConfigError, DataError
from glcnet_plugin.inference.model import SegmentationModel
from glcnet_plugin.inference.onnx_model import load_onnx
from glcnet_plugin.utils.config_diff import read_config

DEFAULT_WINDOW = 512
LARGEST_TILE = 1024  # of which a batch of windows has the size
LOADING = ('bands', 'nodata_fill', 'alpha')


def load_model(
    checkpoint: str | Path, config: str | Path | None = None, device: str | None = None
) -> SegmentationModel:
    """Load a segmentation network for prediction.

    Args:
        checkpoint: Path or address of a checkpoint of this plugin or of mmseg, read without
            executing anything it contains; or a file of
            :func:`glcnet_plugin.inference.onnx_model.export_onnx`.
        config: Config file; None for the config inside of the checkpoint.
        device: Such as 'cuda:1' or 'cpu'; None for a GPU where there is one.

    Returns:
        The network with its classes and bands.

    Raises:
        DataError: If the checkpoint cannot be read, holds NaN, or holds no config and none is
            given.
        ConfigError: If the config cannot be read or is not one of a segmentation network, or the
            device cannot be used.
        CheckpointMismatchError: If weights and network do not fit.
    """
    if str(checkpoint).endswith('.onnx'):
        return load_onnx(checkpoint)
    place = usable_device(device)
    content = read_weights(str(checkpoint))
    meta = content.get('meta') or {}
    cfg = _config(meta, checkpoint, config)
    scope = str(cfg.get('default_scope') or 'mmseg')
    network = _build(cfg, scope)
    if not hasattr(network, 'encode_decode'):
        raise ConfigError(
            f'{config or checkpoint} has no segmentation network with classes: it is of a '
            'pretraining. Fit its classifier by tools/fit_probe.py, or fine-tune it'
        )
    _fill(network, content.get('state_dict', content), str(checkpoint))
    network = network.eval().to(place)
    classes, palette = _classes(meta, cfg, network)
    statistics = getattr(network.data_preprocessor, 'mean', None)
    bands = int(statistics.numel()) if isinstance(statistics, Tensor) else 3
    return SegmentationModel(
        network, classes, palette, bands, (meta.get('bands') or {}).get('names'),
        scored_window(cfg, meta.get('tile_side')), not _readers(cfg) and _reverses_bands(cfg),
        loading_of(cfg), weights_fingerprint(network),
    )  # fmt: skip


def usable_device(name: str | None) -> torch.device:
    """A device on which a network can compute.

    Args:
        name: Such as 'cuda:1' or 'cpu'; None for a GPU where there is one.

    Returns:
        The device.

    Raises:
        ConfigError: If torch knows no such device, or cannot use it here.
    """
    if name is None:
        return torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, ImportError) as error:  # as many as there are devices
        reason = str(error).split('\n')[0]
        known = [f'cuda:{index}' for index in range(torch.cuda.device_count())]
        raise ConfigError(
            f'device {name!r} cannot be used ({reason}): choose from {", ".join([*known, "cpu"])}'
        ) from error
    return device


def _config(meta: dict[str, Any], checkpoint: str | Path, config: str | Path | None) -> Config:
    """The config of a file, or the one that a checkpoint recorded."""
    if config is not None:
        return read_config_file(config)
    text = meta.get('cfg', meta.get('config'))
    recorded = read_config(text) if isinstance(text, str) else {}
    if not recorded:
        raise DataError(f'{checkpoint} holds no config: give the config file it was trained with')
    return Config(recorded)


def _build(cfg: Config, scope: str) -> Any:
    """The network of a config, without the weights it would start from; None if it has no head."""
    if 'decode_head' not in (cfg.get('model') or {}):
        return None
    model = dict(cfg.model, init_cfg=None)
    model.pop('pretrained', None)
    for part in ('backbone', 'neck', 'decode_head'):
        if isinstance(model.get(part), dict):
            model[part] = dict(model[part], init_cfg=None)
    model['backbone'].pop('pretrained', None)
    with DefaultScope.overwrite_default_scope(scope):
        return MODELS.build(model)


def _fill(network: nn.Module, state: dict[str, Any], source: str) -> None:
    """Load all weights, or none."""
    state = {key.removeprefix('module.'): value for key, value in state.items()}
    own = network.state_dict()
    missing = [k for k in own if k not in state and not k.endswith('num_batches_tracked')]
    shapes = [k for k in own if k in state and own[k].shape != state[k].shape]
    if missing or shapes:
        raise CheckpointMismatchError(
            f'{source} does not fill the network: missing {missing[:3]}, of other shapes '
            f'{shapes[:3]} ({len(missing)} and {len(shapes)} tensors): give the config it was '
            'trained with'
        )
    refuse_nan({key: state[key] for key in own if key in state}, source)
    network.load_state_dict(state, strict=False)


def _classes(meta: dict[str, Any], cfg: Config, network: Any) -> tuple[list[str], list[list[int]]]:
    """Names and colours of the classes, numbered where the checkpoint does not say."""
    number = int(network.decode_head.num_classes)
    recorded = meta.get('dataset_meta') or {}
    names = list(recorded.get('classes') or [f'class_{i}' for i in range(number)])
    if len(names) != number:
        raise DataError(
            f'the checkpoint names {len(names)} classes, but its network has {number}: '
            f'{", ".join(names)}'
        )
    palette = recorded.get('palette') or ()
    if len(palette) != number:
        palette = distinct_colours(number)
    return names, [[int(value) for value in colour] for colour in palette]


def weights_fingerprint(network: nn.Module) -> str:
    """SHA-256 over the weights of a network."""
    digest = hashlib.sha256()
    for tensor in network.state_dict().values():
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def distinct_colours(number: int) -> list[list[int]]:
    """R, G, B of evenly spaced hues."""
    hues = (colorsys.hsv_to_rgb(index / number, 0.65, 0.9) for index in range(number))
    return [[round(255 * value) for value in hue] for hue in hues]


def _steps(cfg: Mapping[str, Any], loader: str) -> list[Any]:
    """Steps of the pipelines of a data loader, those of wrappers first."""
    dataset = (cfg.get(f'{loader}_dataloader') or {}).get('dataset')
    return list(_steps_of(dataset)) or list(cfg.get(f'{loader}_pipeline') or [])


def _steps_of(dataset: Any) -> Iterator[Any]:
    """Steps of a dataset, then of those in it."""
    if isinstance(dataset, list | tuple):
        for part in dataset:
            yield from _steps_of(part)
    elif dataset:
        yield from dataset.get('pipeline') or ()
        yield from _steps_of(dataset.get('datasets', dataset.get('dataset')))


def _readers(cfg: Mapping[str, Any]) -> list[Any]:
    """Steps of the test pipeline that are a :class:`LoadRSImage`."""
    return [step for step in _steps(cfg, 'test') if 'LoadRSImage' in str(step.get('type'))]


def loading_of(cfg: Mapping[str, Any]) -> dict[str, Any]:
    """How images of a config are read, for :class:`SegmentationModel`.

    Args:
        cfg: Config of a run.

    Returns:
        What the test pipeline sets of ``bands``, ``nodata_fill`` and ``alpha``; names of bands that
        the config lists itself become indices.
    """
    reader: Mapping[str, Any] = next(iter(_readers(cfg)), {})
    found = {key: reader[key] for key in LOADING if key in reader}
    names = reader.get('band_names')
    if names is not None and found.get('bands') is not None:
        found['bands'] = band_indices(found['bands'], len(names), names, 'band_names')
    return found


def scored_window(cfg: Mapping[str, Any], tile_side: int | None = None) -> int:
    """Side in pixels of what a network gets at once where it is scored.

    Args:
        cfg: Config of a run.
        tile_side: Of its tiles, which are scored whole where they are not larger than a sliding
            window of the config; None if it is not known: then the side of the crops of the
            training counts in its place.
    """
    test_cfg = cfg['model'].get('test_cfg') or {}
    sliding = test_cfg.get('crop_size') if test_cfg.get('mode') == 'slide' else None
    if tile_side is not None:
        return min(tile_side, LARGEST_TILE if sliding is None else _side(sliding))
    crops = [step.get('crop_size') for step in _steps(cfg, 'train')]
    return next((_side(size) for size in (sliding, *crops) if size is not None), DEFAULT_WINDOW)


def _side(size: Any) -> int:
    """Shorter side of a size in a config."""
    return int(size if isinstance(size, int) else min(size))


def _reverses_bands(cfg: Mapping[str, Any]) -> bool:
    """Whether images were loaded by MM, which gives B, G, R."""
    return any(
        str(step.get('type')).rpartition('.')[2] == 'LoadImageFromFile'
        for step in _steps(cfg, 'test')
    )
