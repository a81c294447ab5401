"""Settings that change what the same weights compute, in pretraining and in a network."""

import inspect
from collections.abc import Mapping
from typing import Any

from torch import nn

from glcnet_plugin.models.decode_heads.linear_decoder_head import LinearDecoderHead
from glcnet_plugin.utils.config_diff import read_config

# Settings of the modules of a network without shapes of their own, by part. Weights of another
# value load without an error, and compute something else.
SETTINGS = {
    'backbone': (
        'strides', 'dilations', 'style', 'contract_dilation', 'multi_grid', 'norm_cfg', 'act_cfg',
        'output_stride', 'window_size', 'patch_norm', 'out_indices',
    ),
    'neck': ('norm_cfg', 'act_cfg', 'upsample_cfg', 'start_level', 'end_level'),
    'decode_head': (
        'dilations', 'align_corners', 'norm_cfg', 'act_cfg', 'pool_scales', 'input_transform',
        'in_index', 'feature_strides',
    ),
}  # fmt: skip


def setting_differences(meta: Mapping[str, Any], model: nn.Module, scope: str) -> list[str]:
    """Compare the config that a checkpoint recorded with a network.

    Args:
        meta: ``meta`` of the checkpoint.
        model: The network.
        scope: What is loaded; of 'backbone' only the backbone is compared.

    Returns:
        One sentence per difference; none where the checkpoint or a module does not say.
    """
    text = meta.get('cfg', meta.get('config'))
    recorded = read_config(text).get('model') if isinstance(text, str) else None
    if not isinstance(recorded, dict):
        return []
    differences = []
    for part in SETTINGS if scope != 'backbone' else ('backbone',):
        before, module = recorded.get(part), getattr(model, part, None)
        if isinstance(module, LinearDecoderHead):
            module = module.decoder
        if isinstance(before, dict) and module is not None:
            for key in SETTINGS[part]:
                old, new = _value(before, module, key), _plain(getattr(module, key, None))
                if old is not None and new is not None and old != new:
                    differences.append(
                        f'{part}.{key} was {old} in pretraining, it is {new} here: the same '
                        'weights compute something else'
                    )
    return differences


def _value(before: Mapping[str, Any], module: nn.Module, key: str) -> Any:
    """A recorded setting, or its default; None if it is unknown."""
    if key in before:
        return _plain(before[key])
    if str(before.get('type')).rpartition('.')[2] != type(module).__name__:
        return None
    for base in type(module).__mro__:
        if '__init__' in vars(base):
            parameter = inspect.signature(vars(base)['__init__']).parameters.get(key)
            if parameter is not None and parameter.default is not inspect.Parameter.empty:
                return _plain(parameter.default)
    return None


def _plain(value: Any) -> Any:
    """A setting as it can be compared: lists for tuples, the kind of a norm or activation."""
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):  # SyncBN is BN over all processes
        kept = ('type', 'eps', 'num_groups')
        plain = {key: value[key] for key in kept if key in value}
        return {**plain, 'type': str(plain.get('type')).removeprefix('Sync')}
    return value if isinstance(value, str | int | float | bool) else None
