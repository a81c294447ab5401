"""Types of the values of a study, by the annotations of what they are for."""

from collections.abc import Mapping, Sequence
from inspect import formatannotation
from types import UnionType
from typing import Any, get_args, get_origin

from glcnet_plugin.errors import ConfigError


def check_type(value: Any, hint: Any, where: str) -> None:
    """Refuse a value of another type than its annotation, such as one seed for a list of them.

    Args:
        value: The value.
        hint: The annotation: a class, ``Sequence`` or ``Mapping`` of others, ``X | None``, ``Any``.
        where: Whose value it is, for the message.

    Raises:
        ConfigError: If it is of another type.
    """
    if not _is(value, hint):
        wanted = formatannotation(hint).replace('Sequence', 'list').replace('Mapping', 'dict')
        raise ConfigError(
            f'{where} must be {wanted.replace("collections.abc.", "").replace("typing.", "")}, '
            f'got {value!r}'
        )


def _is(value: Any, hint: Any) -> bool:
    """Whether a value is of the type of an annotation."""
    kind, parts = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if kind is UnionType:
        return any(_is(value, part) for part in parts)
    if kind is Sequence:
        return isinstance(value, (list, tuple)) and all(_is(one, parts[0]) for one in value)
    if kind is Mapping:
        return isinstance(value, Mapping) and all(_is(one, parts[1]) for one in value.values())
    return isinstance(value, hint) and not (hint is int and isinstance(value, bool))
