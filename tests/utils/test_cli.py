import argparse

import pytest

from glcnet_plugin.errors import DataError
from glcnet_plugin.utils.cli import (
    add_tile,
    error_message,
    exit_on_error,
    plain_message,
    positive_number,
    run_tool,
    tool_parser,
    whole_number,
)


def interrupt():
    raise KeyboardInterrupt


def fail():
    raise DataError('x.tif is damaged')


@pytest.mark.parametrize(
    ('main', 'status', 'text'),
    [
        (lambda: None, None, ''),
        (lambda: 3, 3, ''),
        (fail, 'error: x.tif is damaged', ''),  # Python prints it and exits with 1
        (interrupt, 130, 'stopped; run the same command again to continue\n'),
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


def test_errors_of_workers_are_told_without_their_traceback():
    from torch.utils.data import DataLoader

    class Broken:
        def __len__(self):
            return 1

        def __getitem__(self, index):
            raise DataError('a.tif is damaged:\nfetch it again')

    with pytest.raises(DataError, match='Original Traceback') as caught:
        list(DataLoader(Broken(), num_workers=1))
    assert error_message(caught.value) == 'error: a.tif is damaged:\nfetch it again'
    assert error_message(DataError('b.tif')) == 'error: b.tif'
    assert plain_message(caught.value) == 'a.tif is damaged:\nfetch it again'
    assert plain_message(MemoryError()) == 'MemoryError'


def test_programs_end_with_a_line():
    with pytest.raises(SystemExit) as ended, exit_on_error():
        raise DataError('b.tif is damaged')
    assert ended.value.code == 'error: b.tif is damaged'
    with pytest.raises(ZeroDivisionError), exit_on_error():
        raise ZeroDivisionError
    killed = 'DataLoader worker (pid 7) is killed by signal: Killed.'
    with (
        pytest.raises(SystemExit, match=r'was killed by the system \(DataLoader worker \(pid 7'),
        exit_on_error(),
    ):
        raise RuntimeError(killed)


def test_positive_numbers():
    assert positive_number('1') == 1
    with pytest.raises(argparse.ArgumentTypeError, match='0 is less than 1'):
        positive_number('0')
