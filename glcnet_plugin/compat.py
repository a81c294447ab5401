"""Which versions of the host packages this release was tested with.

The same import names are published by several distributions, so nothing here names
one: versions are looked up by import name.
"""

import warnings
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec

from glcnet_plugin import __version__
from glcnet_plugin.errors import HostError, HostVersionWarning

# import name -> (first tested, first untested) release
TESTED: dict[str, tuple[str, str]] = {
    'torch': ('2.1', '2.12'),
    'mmengine': ('0.10.7', '0.11'),
    'mmcv': ('2.1', '2.4'),
    'mmseg': ('1.2.2', '1.5'),
    'mmpretrain': ('1.2', '1.4'),
}


def _release(text: str) -> tuple[int, ...]:
    """``'2.11.0+cu130'`` -> ``(2, 11, 0)``."""
    numbers = []
    for part in text.split('+')[0].split('.'):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)


@cache
def _owners() -> Mapping[str, list[str]]:
    """Distributions by import name; looked up once, since the files of all are read."""
    return packages_distributions()


def installed_version(import_name: str) -> str | None:
    """Version of the distribution that provides ``import_name``, if it is known."""
    owners = _owners().get(import_name)
    return version(owners[0]) if owners else None


def check_hosts() -> None:
    """Check that the host packages are there and of a tested version.

    Raises:
        HostError: If a host package cannot be imported; says how to install it.

    Warns:
        HostVersionWarning: If versions lie outside the tested range; one message
            names each with the version found and the range.
    """
    missing = [name for name in TESTED if find_spec(name) is None]
    if missing:
        raise HostError(
            f'glcnet_plugin {__version__} needs {", ".join(missing)}, which cannot be '
            'imported. Install the hosts with "pip install glcnet-plugin[openmmlab]" or '
            '"pip install glcnet-plugin[onedl]".'
        )
    outside = []
    for name, (first, end) in TESTED.items():
        found = installed_version(name)
        if found and not _release(first) <= _release(found) < _release(end):
            outside.append(f'{name} {found} (tested: >={first}, <{end})')
    if outside:
        warnings.warn(
            f'glcnet_plugin {__version__} was not tested with {"; ".join(outside)}. If '
            'something fails, install a version inside the range.',
            HostVersionWarning,
            stacklevel=2,
        )
