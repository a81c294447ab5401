"""Where a result comes from: code, packages and machine; a fingerprint of the data."""

import hashlib
import os
import platform
import subprocess
from functools import cache
from pathlib import Path
from statistics import median
from typing import Any

import torch

import glcnet_plugin
from glcnet_plugin.compat import TESTED, installed_version
from glcnet_plugin.datasets.io.headers import image_size
from glcnet_plugin.datasets.io.rasters import is_virtual
from glcnet_plugin.errors import DataError

SIZED = 50  # images whose size is read
Paths = list[tuple[str, str]]  # folder of the data, and path


def git_hash(folder: str | Path | None = None) -> str:
    """Commit of the checkout that a folder of code belongs to.

    Args:
        folder: The folder; default: of this package.

    Returns:
        40 hex digits, with ``-dirty`` if tracked files differ from the commit; ``'unknown'``
        without git, and for code that no repository tracks, such as an installed package.
    """
    folder = folder or Path(glcnet_plugin.__file__).parent

    def git(*command: str) -> str:
        done = subprocess.run(
            ['git', '-C', str(folder), *command], capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    try:
        git('ls-files', '--error-unmatch', '.')  # fails where the code is not tracked
        return git('describe', '--always', '--abbrev=40', '--dirty', '--exclude=*')
    except (OSError, subprocess.CalledProcessError):
        return 'unknown'


@cache
def code_digest(folder: str | Path | None = None) -> str:
    """Digest of the Python files of a folder, by default of this package.

    Unlike :func:`git_hash` it tells two uncommitted states apart, and needs no git.
    """
    root = Path(folder or Path(glcnet_plugin.__file__).parent)
    digest = hashlib.sha256()
    for path in sorted(root.rglob('*.py')):
        digest.update(f'{path.relative_to(root).as_posix()} {path.stat().st_size}\n'.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def environment() -> dict[str, Any]:
    """Versions of the packages, code and machine of this process.

    Returns:
        ``versions`` by name, ``git_hash``, ``code`` and ``machine``.
    """
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else 'no GPU'
    names = [*TESTED, 'torch', 'numpy', 'sklearn']
    return {
        'versions': {
            'python': platform.python_version(),
            **{name: installed_version(name) for name in dict.fromkeys(names)},
        },
        'git_hash': git_hash(),
        'code': code_digest(),
        'machine': f'{platform.machine()}, {platform.system()}, {gpu}',
    }


def image_paths(dataset: Any) -> Paths | None:
    """Images of a dataset.

    Args:
        dataset: A dataset of MM, or a wrapper (``ConcatDataset``, ``RepeatDataset``).

    Returns:
        Folder of the data and path of each image; None if the dataset does not tell.
    """
    if hasattr(dataset, 'datasets'):
        parts = [image_paths(part) for part in dataset.datasets]
        return None if None in parts else [pair for part in parts for pair in part or ()]
    if hasattr(dataset, 'dataset'):
        return image_paths(dataset.dataset)
    if not hasattr(dataset, 'get_data_info'):
        return None
    root = str(dataset.data_root or '')
    if hasattr(dataset, 'scenes'):  # windows are drawn at random: the scenes are the data
        return [(root, scene) for scene in dataset.scenes]
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    paths = [info.get('img_path') for info in infos]
    return None if None in paths else [(root, str(path)) for path in paths]


def data_fingerprint(paths: Paths | None) -> dict[str, Any] | None:
    """Number of images of a dataset, and a digest of their names and sizes.

    The digest does not depend on their order, nor on where the folder lies. Pixels are not read.

    Args:
        paths: Of :func:`image_paths`.

    Returns:
        ``images`` and ``sha256`` (hex); None if the dataset does not tell its images.
    """
    if paths is None:
        return None
    lines = sorted(_line(root, path) for root, path in set(paths))
    digest = hashlib.sha256('\n'.join(lines).encode()).hexdigest()
    return {'images': len(lines), 'sha256': digest}


def tile_side(paths: Paths | None) -> int | None:
    """Median of the shorter sides of the images of a dataset, of at most 50.

    Args:
        paths: Of :func:`image_paths`.

    Returns:
        Pixels; None if the dataset does not tell its images, or they cannot be read.
    """
    if not paths:
        return None
    try:
        sides = [min(image_size(path)) for _, path in paths[:: -(-len(paths) // SIZED)]]
    except DataError:  # of a kind that only the dataset reads
        return None
    return int(median(sides))


def _line(root: str, path: str) -> str:
    """Name below the folder of the data, and size in bytes; addresses have no size."""
    if is_virtual(path) or not os.path.isfile(path):  # noqa: PTH113 - a Path costs more
        return path
    inside = os.path.relpath(path, root) if root else path
    name = path if inside.startswith('..') else inside
    return f'{name.replace(os.sep, "/")} {os.path.getsize(path)}'  # noqa: PTH202
