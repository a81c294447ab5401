import ctypes

import pytest

from glcnet_plugin.utils.allocator import keep_freed_memory


@pytest.mark.parametrize('name', ['MALLOC_MMAP_THRESHOLD_', 'MALLOC_ARENA_MAX', 'GLIBC_TUNABLES'])
def test_a_setting_of_the_user_wins(name):
    assert not keep_freed_memory({'PATH': '/bin', name: '1'})


def test_without_the_function_of_glibc_nothing_happens(monkeypatch):
    monkeypatch.setattr(ctypes, 'CDLL', lambda name: object())
    assert not keep_freed_memory({})
