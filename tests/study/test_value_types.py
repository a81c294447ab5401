from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from glcnet_plugin.errors import ConfigError
from glcnet_plugin.study.value_types import check_type


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
