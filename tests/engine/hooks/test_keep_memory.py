import ctypes
import sys

import pytest
from script_processes import run_python

from glcnet_plugin.engine.hooks import keep_memory
from glcnet_plugin.engine.hooks.keep_memory import KeepMemoryHook


@pytest.mark.parametrize(('device', 'calls'), [('cpu', 1), ('cuda', 0)])
def test_only_on_a_cpu(monkeypatch, device, calls):
    made = []
    monkeypatch.setattr(keep_memory, 'get_device', lambda: device)
    monkeypatch.setattr(keep_memory, 'keep_freed_memory', lambda: made.append(1))
    KeepMemoryHook().before_run(None)
    assert len(made) == calls


FAULTS = """
import resource
import torch
from glcnet_plugin.engine.hooks.keep_memory import KeepMemoryHook

def new_pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.ones(16 * 2**20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

returned = new_pages()
KeepMemoryHook().before_run(None)
torch.ones(16 * 2**20)
print(returned, new_pages())
"""


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), 'mallopt'), reason='not glibc')
@pytest.mark.slow
def test_pages_are_mapped_once():
    done = run_python([sys.executable, '-c', FAULTS], timeout=120)
    returned, kept = map(int, done.stdout.split())
    # A small block behind a freed tensor can make one more tensor take new pages.
    assert returned > 20 * 16_000 / 8 and kept < returned / 8
