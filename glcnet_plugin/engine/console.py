"""What a run prints; its log file has everything."""

import logging
import re
from typing import Any

from mmengine.logging import MMLogger
from mmengine.runner import Runner

# starts of messages of mmengine that are of use in the log file only
FILE_ONLY = re.compile(
    r'\s*-+\s*System environment:|Config:\n|Hooks will be executed in the following order|'
    r'Distributed training is not used|"FileClient" will be deprecated|'
    r'"HardDiskBackend" is the alias|Exp name: '
)


class ConsoleRunner(Runner):
    """MM's runner without the dumps of machine, config and hooks on the console."""

    def build_logger(self, *args: Any, **kwargs: Any) -> MMLogger:
        """Build the logger; see the base class."""
        logger = super().build_logger(*args, **kwargs)
        quiet_console(logger)
        return logger


def console_handlers(logger: logging.Logger) -> list[logging.StreamHandler[Any]]:
    """Handlers of a logger that write to the console."""
    return [
        handler
        for handler in logger.handlers
        if isinstance(handler, logging.StreamHandler)
        and not isinstance(handler, logging.FileHandler)
    ]


def quiet_console(logger: logging.Logger) -> None:
    """Keep messages of mmengine that help nobody off the console of a logger."""
    for handler in console_handlers(logger):
        handler.addFilter(is_for_console)


def is_for_console(record: logging.LogRecord) -> bool:
    """Whether a message is of use on the console."""
    return FILE_ONLY.match(record.getMessage()) is None
