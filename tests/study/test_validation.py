from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from mmengine.config import Config

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.study.validation import build, check_type, set_options


@pytest.mark.parametrize(
    ('value', 'hint'),
    [
        (1, int), (True, bool), ('a', str), (None, str | None), ([], Sequence[int]),
        ((1, 2), Sequence[int]), ({'a': [1]}, Mapping[str, Sequence[int]]), (object(), Any),
    ],
)  # fmt: skip
def test_what_fits(value, hint):
    check_type(value, hint, 'x')


@pytest.mark.parametrize(
    ('value', 'hint', 'wanted'),
    [
        (True, int, 'int'), (1.0, int, 'int'), (1, bool, 'bool'), (None, str, 'str'),
        ('ab', Sequence[str], 'list[str]'), ([1, 'a'], Sequence[int], 'list[int]'),
        ([], Mapping[str, Any], 'dict[str, Any]'), (3, Sequence[int] | None, 'list[int] | None'),
        ({'a': {'b': 1}}, Mapping[str, Mapping[str, str]], 'dict[str, dict[str, str]]'),
    ],
)  # fmt: skip
def test_what_does_not_fit(value, hint, wanted):
    with pytest.raises(ConfigError) as caught:
        check_type(value, hint, 'small.py: seeds')
    assert str(caught.value) == f'small.py: seeds must be {wanted}, got {value!r}'


@dataclass
class Inner:
    size: int
    name: str = ''


@dataclass
class Outer:
    one: Inner
    more: Mapping[str, Inner] = field(default_factory=dict)


def test_dicts_become_dataclasses():
    built = build(Outer, {'one': {'size': 1}, 'more': {'a': {'size': 2, 'name': 'x'}}}, 'f.py')
    assert built == Outer(Inner(1), {'a': Inner(2, 'x')})


@pytest.mark.parametrize(
    ('settings', 'message'),
    [
        ({}, "f.py: 'one' missing: set them"),
        ({'one': {}}, "f.py: one: 'size' missing"),
        ({'one': 3}, 'f.py: one must be dict, got 3'),
        ({'one': {'size': 'x'}}, "f.py: one: size must be int, got 'x'"),
        ({'one': {'size': 1}, 'more': {'a': {'sise': 1}}},
         "f.py: more: a: 'sise' is unknown; choose from size, name"),
    ],
)  # fmt: skip
def test_mistakes_are_named_with_their_place(settings, message):
    with pytest.raises(ConfigError, match=message):
        build(Outer, settings, 'f.py')


def test_values_are_set_by_dotted_key():
    cfg = Config({'model': {'heads': [{'size': 1}]}, 'seeds': [0]})
    set_options(cfg, {'model.heads.0.size': 2, 'seeds': [1, 2]}, 'ours')
    assert cfg.model.heads[0].size == 2 and cfg.seeds == [1, 2]


@pytest.mark.parametrize('key', ['seeds.3', 'seeds.0.x', 'model.heads.1.size'])
def test_keys_that_lead_nowhere(key):
    cfg = Config({'model': {'heads': [{'size': 1}]}, 'seeds': [0]})
    with pytest.raises(ConfigError, match=f'ours: {key} = 2 cannot be set in'):
        set_options(cfg, {key: 2}, 'ours')
