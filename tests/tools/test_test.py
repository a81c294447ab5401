"""The scoring tool is run after a fine-tuning in tests/test_end_to_end.py."""

import subprocess
import sys


def test_help_has_an_example(request):
    done = subprocess.run(
        [sys.executable, 'tools/test.py', '--help'],
        capture_output=True,
        text=True,
        check=True,
        cwd=request.config.rootpath,
    )
    assert 'Example:' in done.stdout and '--out' in done.stdout
