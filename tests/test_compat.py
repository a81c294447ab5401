import subprocess
import sys
import warnings

import pytest

from glcnet_plugin import __version__, compat
from glcnet_plugin.errors import HostError, HostVersionWarning


def test_import_loads_no_host_package():
    code = (
        'import sys, glcnet_plugin, glcnet_plugin.geometry\n'
        'from glcnet_plugin.models.losses import nt_xent\n'
        'from glcnet_plugin.models.utils import pool_regions, sample_regions, style_vector\n'
        'from glcnet_plugin.evaluation import confusion_scores\n'
        'print(sorted(m for m in sys.modules if m in ("mmengine", "mmcv", "mmseg", "mmpretrain")))'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == '[]'


def test_the_installed_versions_are_tested_ones():
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        compat.check_hosts()


def test_untested_version_gives_one_message_with_both_versions(monkeypatch):
    monkeypatch.setattr(compat, 'installed_version', lambda name: '99.1')
    with pytest.warns(HostVersionWarning) as caught:
        compat.check_hosts()
    assert len(caught) == 1
    message = str(caught[0].message)
    assert 'mmengine 99.1 (tested: >=0.10.7, <0.11)' in message and __version__ in message


def test_missing_host_names_the_remedy(monkeypatch):
    monkeypatch.setitem(compat.TESTED, 'no_such_host', ('1', '2'))
    with pytest.raises(HostError, match=r'needs no_such_host.*pip install glcnet-plugin\['):
        compat.check_hosts()


@pytest.mark.parametrize(
    ('text', 'numbers'), [('2.11.0+cu130', (2, 11, 0)), ('1.2.0rc4', (1, 2)), ('2', (2,))]
)
def test_release_numbers(text, numbers):
    assert compat._release(text) == numbers


def test_the_distributions_are_read_once(monkeypatch):
    """Each of twelve look-ups read the file lists of everything that is installed."""
    calls = []
    monkeypatch.setattr(compat, 'packages_distributions', lambda: calls.append(1) or {})
    compat._owners.cache_clear()
    assert [compat.installed_version(name) for name in ('torch', 'mmcv')] == [None, None]
    assert len(calls) == 1
    compat._owners.cache_clear()
