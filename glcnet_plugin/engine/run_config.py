"""The config of a run: its hooks, and the options of the command line."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

from glcnet_plugin.engine.data_settings import LOADERS, set_data_root, unused_data_root
from glcnet_plugin.errors import ConfigError

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'  # shipped
if not (CONFIGS / 'glcnet').is_dir():  # installed: the configs are in the package
    CONFIGS = Path(__file__).resolve().parents[1] / '.mim/configs'


def read_config_file(path: str | Path) -> Config:
    """Read a config.

    Args:
        path: A file of MM, ``.py``, ``.json`` or ``.yml``.

    Returns:
        The config.

    Raises:
        ConfigError: If it is missing, cannot be parsed, or names a base that is missing.
    """
    try:
        return Config.fromfile(path)
    except (OSError, SyntaxError, KeyError) as error:
        raise ConfigError(f'cannot read the config {path}: {error}') from error


def find_hooks(cfg: Config, kind: str) -> list[dict[str, Any]]:
    """Hooks of a class in ``default_hooks`` and ``custom_hooks``.

    Args:
        cfg: Config of a run.
        kind: Name of the class, without the scope of its registry.

    Returns:
        Their settings, which can be changed in place.
    """
    hooks = [*(cfg.get('default_hooks') or {}).values(), *(cfg.get('custom_hooks') or [])]
    return [hook for hook in hooks if hook and str(hook['type']).rpartition('.')[2] == kind]


def merge_options(
    cfg: Config,
    options: Mapping[str, Any] | None = None,
    data_root: str | None = None,
    **settings: Any,
) -> None:
    """Merge ``--cfg-options`` and ``--data-root`` into a config.

    ``data_root``, at the top of a config or as an option, is the same as ``--data-root``: see
    :func:`set_data_root`. Other options are stronger than what follows from the folder.

    ``test_dataloader = val_dataloader`` in a config is a copy, made when the file is read. Where
    both are equal, options for ``val_dataloader`` reach the test set too, unless there are some for
    ``test_dataloader``.

    Args:
        cfg: The config, which is changed.
        options: Values by dotted key.
        data_root: The folder of the data.
        settings: Further arguments of :func:`set_data_root`.

    Raises:
        ConfigError: See :func:`set_data_root`.
        DataError: See :func:`set_data_root`.
    """
    options = dict(options or {})
    data_root = data_root or options.pop('data_root', None) or unused_data_root(cfg)
    before = copy.deepcopy(cfg.get('val_dataloader'))
    copied = before is not None and before == cfg.get('test_dataloader')
    cfg.merge_from_dict(options)
    if data_root is not None:
        cfg.pop('data_root', None)  # else the dumped config has it beside the datasets
        set_data_root(cfg, data_root, **settings)
        cfg.merge_from_dict(options)
    named = any(key.split('.')[0] == 'test_dataloader' for key in options)
    changed = any(key.split('.')[0] == 'val_dataloader' for key in options)
    if copied and changed and not named:
        cfg.test_dataloader = copy.deepcopy(cfg.val_dataloader)
        print_log('test_dataloader was a copy of val_dataloader: it gets the same options')
    for loader in LOADERS:
        without_workers(cfg.get(loader) or {})


def without_workers(loader: dict[str, Any]) -> None:
    """Drop what torch refuses in a data loader without processes, as of ``num_workers=0`` alone.

    Args:
        loader: Settings of a data loader, which are changed.
    """
    if loader.get('num_workers') == 0:
        loader.pop('prefetch_factor', None)
        if loader.get('persistent_workers'):
            loader['persistent_workers'] = False
