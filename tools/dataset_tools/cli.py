"""What the command lines of the dataset tools share: arguments, and errors without a traceback."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from glcnet_plugin.errors import GLCNetError, explain


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


def make_console() -> Console:
    """A console that cuts nothing off where the output goes to a file or a pipe."""
    console = Console(soft_wrap=True)
    return console if console.is_terminal else Console(soft_wrap=True, width=1000)


def run_tool(main: Callable[[], int | None]) -> None:
    """Run a tool and exit: errors of this package end it with a line, not a traceback.

    Args:
        main: The tool; returns its exit status, None for 0.

    Raises:
        SystemExit: Always.
    """
    try:
        status = main()
    except GLCNetError as error:
        print(explain(error), file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        print('stopped; run it again to go on', file=sys.stderr)
        status = 130  # what shells expect of a program that was interrupted
    sys.exit(status)
