"""Options of a study: values that are set in a config by dotted key."""

from collections.abc import Mapping
from typing import Any

from mmengine.config import Config

from glcnet_plugin.errors import ConfigError


def set_options(cfg: Config, options: Mapping[str, Any], whose: str) -> None:
    """Set options in a config.

    Args:
        cfg: The config, which is changed.
        options: Values by dotted key.
        whose: Whose options they are, for messages.

    Raises:
        ConfigError: If a key leads nowhere.
    """
    for key, value in options.items():
        try:
            cfg.merge_from_dict({key: value})
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise ConfigError(
                f'{whose}: {key} = {value!r} cannot be set in {cfg.filename}: {error}'
            ) from error
