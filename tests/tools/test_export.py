import sys

import pytest
import torch
from script_processes import run_python

pytestmark = pytest.mark.slow


@pytest.fixture
def export(request):
    def run(*arguments):
        return run_python(
            [sys.executable, 'tools/export.py', *(str(part) for part in arguments)],
        )

    return run


def test_what_is_printed_and_where_the_file_is(export, tmp_path):
    torch.save(
        {'backbone.a': torch.zeros(1), 'backbone.b': torch.zeros(1), 'style_head.c': torch.ones(1)},
        tmp_path / 'x.pth',
    )
    done = export(tmp_path / 'x.pth', '--out', tmp_path / 'out', '--scope', 'backbone')
    assert done.returncode == 0, done.stderr
    (path,) = (tmp_path / 'out').iterdir()
    lines = done.stdout.splitlines()[-3:]
    assert lines[0].split() == ['exported', '2', 'tensors', 'backbone']
    assert lines[1].split() == ['dropped', '1', 'tensors', 'style_head']
    assert lines[2].startswith(f'{path} (')


def test_errors_are_a_line(export, tmp_path):
    done = export(tmp_path / 'gone.pth', '--out', tmp_path)
    assert done.returncode == 1 and 'Traceback' not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last == f'error: there is no file of weights {tmp_path / "gone.pth"}'


def test_help_has_an_example(export):
    done = export('--help')
    assert 'Example:' in done.stdout and '--layout' in done.stdout
