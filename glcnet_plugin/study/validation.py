"""Check the settings of a study against the annotations of its dataclasses."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from inspect import formatannotation
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

from mmengine.config import Config

from glcnet_plugin.errors import ConfigError

T = TypeVar('T')


def build(kind: type[T], settings: Mapping[str, Any], where: str) -> T:
    """Build a dataclass, and those in its fields, from nested dicts.

    Args:
        kind: The dataclass. Its annotations may be classes, other dataclasses, ``Sequence`` or
            ``Mapping`` of these, ``X | None``, ``Any``.
        settings: Values by name of the field.
        where: Whose settings they are, for messages.

    Returns:
        The dataclass.

    Raises:
        ConfigError: If a name is unknown or missing, or a value has the wrong type.
    """
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(set(settings) - set(known)):
        raise ConfigError(f'{where}: {unknown[0]!r} is unknown; choose from {", ".join(known)}')
    missing = [
        name
        for name, field in known.items()
        if name not in settings and field.default is field.default_factory is MISSING
    ]
    if missing:
        raise ConfigError(f'{where}: {", ".join(map(repr, missing))} missing: set them')
    return kind(
        **{key: _read(value, known[key].type, f'{where}: {key}') for key, value in settings.items()}
    )


def _read(value: Any, hint: Any, where: str) -> Any:
    """A value of an annotation, with dicts made to dataclasses."""
    parts = get_args(hint)
    if isinstance(value, Mapping):
        if is_dataclass(hint):
            return build(hint, value, where)  # type: ignore[arg-type]
        if get_origin(hint) is Mapping and is_dataclass(parts[1]):
            return {key: _read(one, parts[1], f'{where}: {key}') for key, one in value.items()}
    check_type(value, hint, where)
    return value


def check_type(value: Any, hint: Any, where: str) -> None:
    """Refuse a value that does not fit its annotation, such as a number for a list of numbers.

    Args:
        value: The value.
        hint: The annotation, see :func:`build`.
        where: Whose value it is, for the message.

    Raises:
        ConfigError: If it is of another type.
    """
    if not _fits(value, hint):
        wanted = 'dict' if is_dataclass(hint) else formatannotation(hint)
        for prefix in ('collections.abc.', 'typing.'):
            wanted = wanted.replace(prefix, '')
        wanted = wanted.replace('Sequence', 'list').replace('Mapping', 'dict')
        raise ConfigError(f'{where} must be {wanted}, got {value!r}')


def _fits(value: Any, hint: Any) -> bool:
    """Whether a value fits an annotation."""
    kind, parts = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if kind is UnionType:
        return any(_fits(value, part) for part in parts)
    if kind is Sequence:
        return isinstance(value, (list, tuple)) and all(_fits(one, parts[0]) for one in value)
    if kind is Mapping:
        return isinstance(value, Mapping) and all(_fits(one, parts[1]) for one in value.values())
    return isinstance(value, hint) and not (hint is int and isinstance(value, bool))


def set_options(cfg: Config, options: Mapping[str, Any], owner: str) -> None:
    """Set options in a config.

    Args:
        cfg: The config, which is changed.
        options: Values by dotted key.
        owner: Whose options they are, for messages.

    Raises:
        ConfigError: If a key does not exist.
    """
    for key, value in options.items():
        try:
            cfg.merge_from_dict({key: value})
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise ConfigError(
                f'{owner}: {key} = {value!r} cannot be set in {cfg.filename}: {error}'
            ) from error
