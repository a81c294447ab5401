import subprocess
import sys

import preempt_torchrun
import pytest

pytestmark = pytest.mark.slow


def test_processes_of_a_group_are_counted():
    child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE,
                             start_new_session=True)  # fmt: skip
    assert preempt_torchrun.processes_left(child.pid, 0.1) == 1
    child.communicate(b'\n')
    assert preempt_torchrun.processes_left(child.pid, 1) == 0
