"""Infer the input channels of necks and decode heads from the backbone.

A config may leave them out. Those it gives are compared, so that parts that do not fit each other
are refused before training.
"""

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.registry import MODELS

# Sides in pixels of the dummy image; the second is used where a part does not run on the first,
# such as a head that pools over 49 cells.
TRIAL_SIZES = (64, 512)

Cfg = dict[str, Any]


def build_neck(
    backbone: nn.Module, name: str, neck: Cfg | None
) -> tuple[nn.Module | None, Callable[[Cfg], Cfg]]:
    """Build the neck of a backbone, and prepare to fill in the channels of decode heads.

    Backbone and neck run on a small image in evaluation mode; the random stream afterwards is
    that of building the neck alone.

    Args:
        backbone: The backbone; its mode stays as it is.
        name: What to call it in errors.
        neck: Config of the neck, or None; ``in_channels`` may be left out.

    Returns:
        The neck or None; and a function from the config of a decode head to the one with
        ``in_channels`` (and ``c1_in_channels``), which raises ConfigError if given channels or
        ``in_index`` do not fit.

    Raises:
        ConfigError: If the channels of the neck do not fit, or a part does not run.
    """
    channels, built = output_channels(backbone, name), None
    if neck is not None:
        built = build_part(_fit_neck(neck, channels, name), 'mmseg')
        name = f'{name} with {neck["type"]}'
        channels = output_channels(nn.Sequential(backbone, built), name)
    return built, partial(fit_head, channels=channels, backbone=name)


def build_head(build: Callable[[Cfg], Any], head: Cfg, fit: Callable[[Cfg], Cfg]) -> Any:
    """Build a decode head with the channels of its maps, if it takes them.

    A head may fix its channels, or have no argument for them: it is built as its config says then,
    and its channels are compared with those of the maps.

    Args:
        build: From a config to the head.
        head: Config of the head.
        fit: As of :func:`build_neck`.

    Returns:
        The head.

    Raises:
        ConfigError: If its channels do not fit the maps.
    """
    fitted = fit(head)
    added = [key for key in fitted if key not in head]
    try:
        return build(fitted)
    except TypeError as error:  # an unexpected argument, or one that it gives to its base class
        if not any(f"'{key}'" in str(error) for key in added):
            raise
    built = build(head)
    own, wanted = getattr(built, 'in_channels', None), fitted['in_channels']
    if own not in (None, wanted) and list(np.ravel(own)) != list(np.ravel(wanted)):
        raise ConfigError(
            f'{head["type"]} fixes in_channels={own}, but the maps that it reads have {wanted} '
            f'channels: choose maps of {own} with in_index or out_indices'
        )
    return built


def build_part(config: Cfg, home: str | None = None) -> nn.Module:
    """Build a part whose own parts are looked up where it comes from.

    Args:
        config: Config of a backbone, neck or decode head.
        home: Scope of a part without the prefix of a host; None for the default scope.

    Returns:
        The part.
    """
    prefix = config['type'].split('.')[0] if isinstance(config['type'], str) else ''
    scope = prefix if prefix in ('mmseg', 'mmpretrain') else home
    with DefaultScope.overwrite_default_scope(scope):
        part: nn.Module = MODELS.build(config)
    return part


def input_bands(network: nn.Module) -> int | None:
    """Bands that the first convolution takes; None for a network without one."""
    first = next((m for m in network.modules() if isinstance(m, nn.Conv2d)), None)
    return None if first is None else first.in_channels


def output_channels(network: nn.Module, name: str) -> list[int]:
    """Channels of each output map of a backbone.

    Args:
        network: From (N, bands, H, W) to a sequence of (N, C, h, w); the mode of its modules
            and the random stream stay as they are.
        name: What to call it in errors.

    Returns:
        C of each map.

    Raises:
        ConfigError: If it does not return maps, or does not run.
    """
    modes = [(module, module.training) for module in network.modules()]
    network.eval()  # batch norm would remember the image
    with torch.no_grad(), torch.random.fork_rng(devices=()):
        maps = run_dummy(network, network, name)
    for module, mode in modes:
        module.training = mode
    if not isinstance(maps, list | tuple) or not all(
        isinstance(m, Tensor) and m.ndim == 4 for m in maps
    ):
        shapes = [tuple(m.shape) for m in maps] if isinstance(maps, list | tuple) else type(maps)
        raise ConfigError(
            f'{name} must give (N, C, h, w) maps, gave {shapes}: set out_indices, and '
            "out_type='featmap' for a transformer of mmpretrain"
        )
    return [m.shape[1] for m in maps]


def run_dummy(function: Any, network: nn.Module, name: str) -> Any:
    """Run a function on a dummy image of the first trial size that it accepts.

    Args:
        function: From (2, bands, H, W) to anything.
        network: Network whose first convolution gives the number of bands.
        name: What to call it in errors.

    Returns:
        What the function returns.

    Raises:
        ConfigError: If it fails for all sizes.
    """
    bands = input_bands(network) or 3
    for size in TRIAL_SIZES:
        try:
            return function(torch.zeros(2, bands, size, size))
        except ConfigError:
            raise
        except Exception as error:  # whatever a third party's module raises
            failure = error
    raise ConfigError(
        f'{name} does not run on images of {bands} bands and {TRIAL_SIZES} px: '
        f'{type(failure).__name__}: {failure}'
    ) from failure


def _fit_neck(neck: Cfg, channels: list[int], backbone: str) -> Cfg:
    """Neck config with the channels of all maps."""
    given = neck.get('in_channels')
    if given is not None and list(given) != channels:
        raise ConfigError(
            f'{neck["type"]} has in_channels={list(given)}, but the maps of {backbone} have '
            f'{channels} channels: set these, or leave in_channels out'
        )
    return {**neck, 'in_channels': channels}


def fit_head(head: Cfg, channels: list[int], backbone: str) -> Cfg:
    """Give the config of a decode head the channels of the maps that it reads.

    Args:
        head: The config.
        channels: Channels of each map.
        backbone: What to call the source of the maps in errors.

    Returns:
        A copy with ``in_channels``, and ``c1_in_channels`` where the head takes it.

    Raises:
        ConfigError: If channels that it gives, or ``in_index``, do not fit.
    """
    if not isinstance(head, Mapping):
        raise ConfigError(
            f'decode_head must be one config, got {type(head).__name__}: cascades of heads '
            'refine the classes of a first head, and pretraining has no classes'
        )
    parameters = _head_parameters(head['type'])
    index = head.get('in_index', parameters['in_index'])
    multiple = isinstance(index, list | tuple)
    for position in index if multiple else [index]:
        if not -len(channels) <= position < len(channels):
            raise ConfigError(
                f'{head["type"]} reads map {position} (in_index={index}), but {backbone} gives '
                f'{len(channels)} maps of {channels} channels: change in_index or out_indices'
            )
    wanted = {'in_channels': [channels[i] for i in index] if multiple else channels[index]}
    if 'c1_in_channels' in parameters and head.get('c1_in_channels') != 0:
        wanted['c1_in_channels'] = channels[0]
    for key, value in wanted.items():
        given = head.get(key)
        if given is not None and (list(given) if multiple else given) != value:
            raise ConfigError(
                f'{head["type"]} has {key}={given}, but the maps of {backbone} have {channels} '
                f'channels (in_index={index}): set {key}={value}, or leave it out'
            )
    return {**head, **wanted}


def decode_head_class(head: Any) -> Any:
    """Class of a decode head, by the ``type`` of its config; None if it is not registered."""
    scope = DefaultScope.overwrite_default_scope('mmseg')
    with scope, MODELS.switch_scope_and_registry(None) as registry:
        return registry.get(head) if isinstance(head, str) else head


def _head_parameters(head: Any) -> dict[str, Any]:
    """Defaults of the arguments of a decode head."""
    head_class = decode_head_class(head)
    if head_class is None:
        raise ConfigError(f'no decode head {head!r} is registered in mmseg or this package')
    return {'in_index': -1, **init_parameters(head_class)}  # -1: of mmseg's BaseDecodeHead


def init_parameters(owner: type) -> dict[str, Any]:
    """Defaults of the arguments of a class by name, those of its base classes included."""
    defaults: dict[str, Any] = {}
    for base in reversed(owner.__mro__):
        if '__init__' in vars(base):
            signature = inspect.signature(vars(base)['__init__'])
            defaults.update({key: p.default for key, p in signature.parameters.items()})
    return defaults
