"""One pretraining protocol for all methods; differences must be stated as exceptions."""

from collections.abc import Iterable
from typing import Any

from mmengine.config import Config

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.study.settings import Method, Study, config_file
from glcnet_plugin.study.validation import set_options
from glcnet_plugin.utils.config_diff import MISSING, flatten

# What has to be equal: views, images, batch, schedule, optimizer, backbone, normalisation.
EQUAL = (
    'train_dataloader', 'optim_wrapper', 'param_scheduler', 'train_cfg', 'auto_scale_lr',
    'default_hooks', 'custom_hooks', 'randomness', 'sync_bn', 'load_from', 'model.backbone',
    'model.data_preprocessor.mean', 'model.data_preprocessor.std',
)  # fmt: skip
FREE = (
    'model.backbone.out_indices',  # which maps are passed on, not what is computed
    'default_hooks.logger', 'default_hooks.checkpoint',
    'default_hooks.pretrained',  # the study says where a pretraining starts
)  # fmt: skip
MAX_LISTED = 3


def protocol_settings(method: Method) -> dict[str, Any]:
    """The settings of a pretraining that have to be equal, by dotted key."""
    cfg = Config.fromfile(config_file(str(method.config)))
    set_options(cfg, method.options, method.name)
    return {
        key: value
        for key, value in flatten(cfg.to_dict()).items()
        if _below(key, EQUAL) and not _below(key, FREE)
    }


def _below(key: str, prefixes: Iterable[str]) -> bool:
    """Whether a dotted key is one of the prefixes, or below one."""
    return any(key == prefix or key.startswith(f'{prefix}.') for prefix in prefixes)


def check_protocol(study: Study) -> dict[str, dict[str, str]]:
    """Compare the pretraining of every method with that of the proposed one, or of the first.

    Args:
        study: The study.

    Returns:
        Exceptions that are used, with their reasons, by method.

    Raises:
        ConfigError: If a method differs in a setting that no exception names.
    """
    trained = {name: method for name, method in study.methods.items() if method.config}
    first = study.proposed if study.proposed in trained else next(iter(trained), '')
    if not first:
        return {}
    ours, used = protocol_settings(trained[first]), {}
    for name, method in trained.items():
        if name == first:
            continue
        theirs = protocol_settings(method)
        keys = sorted(
            key
            for key in ours.keys() | theirs.keys()
            if ours.get(key, MISSING) != theirs.get(key, MISSING)
        )
        stated = study.exceptions.get(name, {})
        if hidden := [key for key in keys if not _below(key, stated)]:
            text = '; '.join(
                f'{key}: {ours.get(key, MISSING)} -> {theirs.get(key, MISSING)}'
                for key in hidden[:MAX_LISTED]
            )
            raise ConfigError(
                f'{name} is not pretrained as {first}: {len(hidden)} settings differ: {text}. '
                f'Make them equal, or state the exception: exceptions=dict({name}={{'
                f'{hidden[0]!r}: reason}})'
            )
        if kept := {s: why for s, why in stated.items() if any(_below(k, [s]) for k in keys)}:
            used[name] = kept
    return used
