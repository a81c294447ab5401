"""Write into every checkpoint what it was made of: bands, code, data."""

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Any

from mmengine.dist import master_only
from mmengine.hooks import Hook
from mmengine.runner import Runner

import glcnet_plugin
from glcnet_plugin.checkpoints.bands import band_record
from glcnet_plugin.datasets.io.rasters import is_virtual
from glcnet_plugin.engine.utils import unwrap_model
from glcnet_plugin.registry import HOOKS


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


def image_paths(dataset: Any) -> list[tuple[str, str]] | None:
    """Images of a dataset.

    Args:
        dataset: A dataset of MM, or one that joins or repeats others (``ConcatDataset``,
            ``RepeatDataset``).

    Returns:
        Folder of the data and path of the image, for each; None where the dataset does not say.
    """
    if hasattr(dataset, 'datasets'):
        parts = [image_paths(part) for part in dataset.datasets]
        return None if None in parts else [pair for part in parts for pair in part or ()]
    if hasattr(dataset, 'dataset'):
        return image_paths(dataset.dataset)
    if not hasattr(dataset, 'get_data_info'):
        return None
    root = str(dataset.data_root or '')
    if hasattr(dataset, 'scenes'):  # windows are drawn anew: the scenes are the data
        return [(root, scene) for scene in dataset.scenes]
    infos = (dataset.get_data_info(index) for index in range(len(dataset)))
    paths = [info.get('img_path') for info in infos]
    return None if None in paths else [(root, str(path)) for path in paths]


def data_fingerprint(dataset: Any) -> dict[str, Any] | None:
    """Number of images of a dataset, and a digest of their names and sizes.

    The digest does not depend on their order, nor on where the folder lies. Pixels are not read.

    Args:
        dataset: See :func:`image_paths`.

    Returns:
        ``images`` and ``sha256`` (hex); None where the dataset does not say what it reads.
    """
    paths = image_paths(dataset)
    if paths is None:
        return None
    lines = sorted(_line(root, path) for root, path in set(paths))
    digest = hashlib.sha256('\n'.join(lines).encode()).hexdigest()
    return {'images': len(lines), 'sha256': digest}


def _line(root: str, path: str) -> str:
    """Name below the folder of the data, and size in bytes; addresses have no size."""
    if is_virtual(path) or not os.path.isfile(path):  # noqa: PTH113 - a Path costs more
        return path
    inside = os.path.relpath(path, root) if root else path
    name = path if inside.startswith('..') else inside
    return f'{name.replace(os.sep, "/")} {os.path.getsize(path)}'  # noqa: PTH202


@HOOKS.register_module()
class ProvenanceHook(Hook):
    """Put ``bands``, ``git_hash`` and ``data`` into ``meta`` of checkpoints.

    A training that starts from one warns when it normalises its bands otherwise. What
    ``tools/export.py`` writes keeps all three.
    """

    def __init__(self) -> None:
        self.found: dict[str, Any] = {}

    @master_only
    def before_train(self, runner: Runner) -> None:
        """Look at code and data, once."""
        self.found = {
            'git_hash': git_hash(),
            'data': data_fingerprint(runner.train_dataloader.dataset),
        }

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict[str, Any]) -> None:
        """Add the records."""
        checkpoint['meta'].update(self.found, bands=band_record(unwrap_model(runner)))
