"""The same protocol for all methods, or the exception stated."""

from typing import Any

from mmengine.config import Config

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.study.options import set_options
from glcnet_plugin.study.settings import CONFIGS, Method, Study
from glcnet_plugin.utils.config_diff import MISSING, flatten

# What has to be equal: views, images, batch, schedule, optimizer, backbone, normalisation.
EQUAL = (
    'train_dataloader', 'optim_wrapper', 'param_scheduler', 'train_cfg', 'auto_scale_lr',
    'custom_hooks', 'randomness', 'sync_bn', 'load_from', 'model.backbone',
    'model.data_preprocessor.mean', 'model.data_preprocessor.std',
)  # fmt: skip
FREE = ('model.backbone.out_indices',)  # which maps are handed on, not what is computed
MAX_LISTED = 3


def protocol(method: Method) -> dict[str, Any]:
    """The settings of a pretraining that have to be equal, by dotted key."""
    cfg = Config.fromfile(CONFIGS / str(method.config))
    set_options(cfg, method.options, method.name)
    found = flatten(cfg.to_dict())
    return {
        key: value for key, value in found.items() if _below(key, EQUAL) and not _below(key, FREE)
    }


def _below(key: str, starts: Any) -> bool:
    """Whether a dotted key is one of some, or below one of them."""
    return any(key == start or key.startswith(f'{start}.') for start in starts)


def check_protocol(study: Study) -> dict[str, dict[str, str]]:
    """Compare the pretraining of every method with that of the reference, or of the first.

    Args:
        study: The study.

    Returns:
        Exceptions that are made use of, with their reasons, by method.

    Raises:
        ConfigError: If a method differs in a setting that no exception names.
    """
    trained = {name: method for name, method in study.methods.items() if method.config}
    first = study.reference if study.reference in trained else next(iter(trained), '')
    if not first:
        return {}
    ours, used = protocol(trained[first]), {}
    for name, method in trained.items():
        if name == first:
            continue
        theirs = protocol(method)
        keys = sorted(
            key
            for key in ours.keys() | theirs.keys()
            if ours.get(key, MISSING) != theirs.get(key, MISSING)
        )
        stated = study.exceptions.get(name, {})
        if secret := [key for key in keys if not _below(key, stated)]:
            text = '; '.join(
                f'{key}: {ours.get(key, MISSING)} -> {theirs.get(key, MISSING)}'
                for key in secret[:MAX_LISTED]
            )
            raise ConfigError(
                f'{name} is not pretrained as {first}; {len(secret)} settings: {text}. '
                f'Make them equal, or state the exception: exceptions=dict({name}={{'
                f'{secret[0]!r}: reason}})'
            )
        if kept := {s: why for s, why in stated.items() if any(_below(k, [s]) for k in keys)}:
            used[name] = kept
    return used
