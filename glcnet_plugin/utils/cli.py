"""What the command lines share: arguments, and errors without a traceback."""

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from glcnet_plugin.errors import GLCNetError
from glcnet_plugin.utils.worker_errors import worker_error_message


def tool_parser(doc: str | None, source: str) -> argparse.ArgumentParser:
    """Make a parser with the arguments every converter has: SOURCE, OUT and --workers.

    Args:
        doc: Docstring of the tool.
        source: Help of the argument SOURCE.

    Returns:
        The parser.
    """
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('source', type=Path, help=source)
    parser.add_argument('out', type=Path, help='folder to write; a stopped run goes on there')
    parser.add_argument(
        '--workers', type=whole_number, help='processes; 0 for none; default: one per core'
    )
    return parser


def add_tile(parser: argparse.ArgumentParser) -> None:
    """Add the option --tile."""
    parser.add_argument(
        '--tile',
        type=whole_number,
        default=256,
        help='side of a tile in pixels, 0 to leave images whole (default: 256)',
    )


def whole_number(text: str) -> int:
    """Read a number from 0 on, for argparse."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f'{number} is negative')
    return number


def positive_number(text: str) -> int:
    """Read a number from 1 on, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f'{number} is less than 1')
    return number


def make_console() -> Console:
    """A console that cuts nothing off where the output goes to a file or a pipe."""
    console = Console(soft_wrap=True)
    return console if console.is_terminal else Console(soft_wrap=True, width=1000)


def plain_message(error: BaseException) -> str:
    """Message of an error, without the place in the code.

    Args:
        error: The error. One from a data-loading process carries the traceback of that process in
            its text; only its message is kept.

    Returns:
        The message; the type of the error if it has none.
    """
    message = str(error)
    if 'Original Traceback' in message:
        message = message.rsplit(f'{type(error).__name__}: ', 1)[-1].strip()
    return message or type(error).__name__


def error_message(error: BaseException) -> str:
    """Text of an error for the terminal: ``error: message``, see :func:`plain_message`."""
    return f'error: {plain_message(error)}'


@contextmanager
def exit_on_error() -> Iterator[None]:
    """End a program with one line instead of a traceback, where the user can act on it.

    Raises:
        SystemExit: With status 1 for an error of this package or a data-loading process that
            died; with 130, as shells expect, for Ctrl-C.
    """
    try:
        yield
    except GLCNetError as error:
        sys.exit(error_message(error))
    except KeyboardInterrupt:
        print('stopped; run the same command again to continue', file=sys.stderr)
        sys.exit(130)
    except RuntimeError as error:
        if (text := worker_error_message(error)) is None:
            raise
        sys.exit(f'error: {text}')


def run_tool(main: Callable[[], int | None]) -> None:
    """Run a tool and exit with its status; see :func:`exit_on_error`.

    Args:
        main: The tool; returns its exit status, None for 0.

    Raises:
        SystemExit: Always.
    """
    with exit_on_error():
        sys.exit(main())
