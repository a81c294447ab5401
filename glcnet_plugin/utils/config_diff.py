"""Read configs without executing them, and list the differences of two."""

import ast
from typing import Any

# Keys that say where and how a run is started, not what it computes.
STARTING = (
    'work_dir', 'resume', 'load_from', 'launcher', 'log_level', 'experiment_name',
    'visualizer', 'vis_backends', 'env_cfg', 'gpu_ids',
)  # fmt: skip
MISSING = '(not there)'


def differing_keys(before: str, now: str) -> list[str]:
    """Compare two configs as MM writes them into checkpoints.

    Args:
        before: Text of one config.
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
    flat: dict[str, Any] = {}
    for key, value in items:
        flat |= flatten(value, f'{prefix}.{key}' if prefix else key)
    return flat


def read_config(text: str) -> dict[str, Any]:
    """Read the config that MM writes into checkpoints, without executing it.

    Args:
        text: Assignments of literals and ``dict(...)``.

    Returns:
        The values by name; other expressions as text. Empty if the text is not Python, or
        nested too deeply.
    """
    try:
        return {
            target.id: _value(node.value)
            for node in ast.parse(text).body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name)
        }
    except (SyntaxError, ValueError, RecursionError, MemoryError):  # the last two: deep nesting
        return {}


def _value(node: ast.expr) -> Any:
    """Value of a literal or a ``dict(...)``; the text of anything else."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'dict':
        pairs: dict[str, Any] = {}
        for argument in node.args:
            inner = _value(argument)
            pairs.update(inner if isinstance(inner, dict) else {})
        return pairs | {str(word.arg): _value(word.value) for word in node.keywords}
    if isinstance(node, ast.Dict):
        keys = (None if key is None else _value(key) for key in node.keys)
        return {str(key): _value(value) for key, value in zip(keys, node.values, strict=True)}
    if isinstance(node, ast.List | ast.Tuple):
        return [_value(item) for item in node.elts]
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):  # TypeError: as of {[]: 1}
        return ast.unparse(node)
