import argparse

import pytest
from cli import add_tile, run_tool, tool_parser, whole_number

from glcnet_plugin.errors import DataError


def interrupt():
    raise KeyboardInterrupt


def fail():
    raise DataError('x.tif is damaged')


@pytest.mark.parametrize(
    ('main', 'status', 'text'),
    [
        (lambda: None, None, ''),
        (lambda: 3, 3, ''),
        (fail, 1, 'error: x.tif is damaged\n'),
        (interrupt, 130, 'stopped; run it again to go on\n'),
    ],
)
def test_exit_status_and_message(main, status, text, capsys):
    with pytest.raises(SystemExit) as stopped:
        run_tool(main)
    assert stopped.value.code == status and capsys.readouterr().err == text


def test_bugs_keep_their_traceback():
    with pytest.raises(ZeroDivisionError):
        run_tool(lambda: 1 // 0)


def test_arguments():
    parser = tool_parser('What it does.', 'a folder')
    add_tile(parser)
    args = parser.parse_args(['a', 'b', '--tile', '0', '--workers', '2'])
    assert (args.source.name, args.out.name, args.tile, args.workers) == ('a', 'b', 0, 2)
    assert parser.parse_args(['a', 'b']).tile == 256
    with pytest.raises(argparse.ArgumentTypeError, match='-1 is negative'):
        whole_number('-1')
