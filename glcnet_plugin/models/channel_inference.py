"""Fit necks and decode heads to the backbone in front of them.

A config may leave out how many channels a part takes: they follow from the backbone. What it
does say is compared, so that a pair that does not fit is refused before training.
"""

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmengine.registry import DefaultScope
from torch import Tensor, nn

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.registry import MODELS

# Sides in pixels of the image that a new network is tried on, until one suits all its parts:
# the first is quick, the second has room for heads that pool over 49 cells.
TRIAL_SIZES = (64, 512)

Cfg = dict[str, Any]


def infer_channels(
    backbone: Cfg, neck: Cfg | None, heads: Sequence[Cfg]
) -> tuple[Cfg | None, list[Cfg]]:
    """Fill in the input channels of a neck and of decode heads.

    The backbone is built once and run on a small image; the random stream stays as it was.

    Args:
        backbone: Config of the backbone.
        neck: Config of the neck, or None.
        heads: Configs of decode heads.

    Returns:
        Neck and heads with ``in_channels`` (and ``c1_in_channels``).

    Raises:
        ConfigError: If given channels or ``in_index`` do not fit; says which, and where.
    """
    with torch.random.fork_rng(devices=()):
        network, name = build_part(dict(backbone)), str(backbone['type'])
        channels = output_channels(network, name)
        if neck is not None:
            neck = _fit_neck(neck, channels, name)
            network = nn.Sequential(network, build_part(dict(neck), 'mmseg'))
            name = f'{name} with {neck["type"]}'
            channels = output_channels(network, name)
    return neck, [_fit_head(head, channels, name) for head in heads]


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


@torch.no_grad()
def output_channels(network: nn.Module, name: str) -> list[int]:
    """Channels of each map that a backbone puts out.

    Args:
        network: From (N, bands, H, W) to a sequence of (N, C, h, w).
        name: What to call it in errors.

    Returns:
        C of each map.

    Raises:
        ConfigError: If it gives no maps, or does not run.
    """
    network.eval()  # backbones of MM return nothing here
    maps = run_dummy(network, network, name)
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
    """Run a function on an image of the first of the trial sizes that it takes.

    Args:
        function: From (2, bands, H, W) to anything.
        network: Network that says how many bands.
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


def _fit_head(head: Cfg, channels: list[int], backbone: str) -> Cfg:
    """Head config with the channels of the maps that it reads."""
    if not isinstance(head, Mapping):
        raise ConfigError(
            f'decode_head must be one config, got {type(head).__name__}: cascades of heads '
            'refine the classes of a first head, which pretraining has not'
        )
    parameters = _parameters(head['type'])
    index = head.get('in_index', parameters['in_index'])
    several = isinstance(index, list | tuple)
    for position in index if several else [index]:
        if not -len(channels) <= position < len(channels):
            raise ConfigError(
                f'{head["type"]} reads map {position} (in_index={index}), but {backbone} gives '
                f'{len(channels)} maps of {channels} channels: change in_index or out_indices'
            )
    wanted = {'in_channels': [channels[i] for i in index] if several else channels[index]}
    if 'c1_in_channels' in parameters and head.get('c1_in_channels') != 0:
        wanted['c1_in_channels'] = channels[0]
    for key, value in wanted.items():
        given = head.get(key)
        if given is not None and (list(given) if several else given) != value:
            raise ConfigError(
                f'{head["type"]} has {key}={given}, but the maps of {backbone} have {channels} '
                f'channels (in_index={index}): set {key}={value}, or leave it out'
            )
    return {**head, **wanted}


def _parameters(head: Any) -> dict[str, Any]:
    """Defaults of the arguments of a head, those of its base classes included."""
    scope = DefaultScope.overwrite_default_scope('mmseg')
    with scope, MODELS.switch_scope_and_registry(None) as registry:
        head_class = registry.get(head) if isinstance(head, str) else head
    if head_class is None:
        raise ConfigError(f'no decode head is called {head!r}')
    found: dict[str, Any] = {'in_index': -1}  # of mmseg's BaseDecodeHead
    for owner in reversed(head_class.__mro__):
        if '__init__' in vars(owner):
            signature = inspect.signature(owner.__init__)
            found.update({key: p.default for key, p in signature.parameters.items()})
    return found
