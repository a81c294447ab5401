"""What differs between two configs."""

from typing import Any

from glcnet_plugin.apis.export import read_config

# About where and how a run is started, not about what it computes.
STARTING = (
    'work_dir', 'resume', 'load_from', 'launcher', 'log_level', 'experiment_name',
    'visualizer', 'vis_backends', 'env_cfg', 'gpu_ids',
)  # fmt: skip
MISSING = '(not there)'


def differing_keys(before: str, now: str) -> list[str]:
    """Compare two configs as MM writes them into checkpoints.

    Args:
        before: Text of the one.
        now: Text of the other.

    Returns:
        One ``key: before -> now`` per differing value, sorted by key; keys that say where and how
        a run is started are left out.
    """
    old, new = (flatten(read_config(text)) for text in (before, now))
    keys = sorted(
        key
        for key in old.keys() | new.keys()
        if old.get(key, MISSING) != new.get(key, MISSING) and key.split('.')[0] not in STARTING
    )
    return [f'{key}: {old.get(key, MISSING)} -> {new.get(key, MISSING)}' for key in keys]


def flatten(settings: Any, prefix: str = '') -> dict[str, Any]:
    """Nested dicts and lists as one dict of dotted keys: ``{'a.0.b': 1}``."""
    if isinstance(settings, dict):
        items = [(str(key), value) for key, value in settings.items()]
    elif isinstance(settings, list) and any(isinstance(item, dict) for item in settings):
        items = [(str(index), value) for index, value in enumerate(settings)]
    else:
        return {prefix: settings}
    found: dict[str, Any] = {}
    for key, value in items:
        found |= flatten(value, f'{prefix}.{key}' if prefix else key)
    return found
