"""Python processes that need not import the toolboxes first.

A server process imports them once; every command runs in a fork of it, in all else as in a fresh
interpreter. A few tests start real interpreters, and say why.
"""

import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import types
from contextlib import suppress
from multiprocessing import forkserver
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONTEXT = multiprocessing.get_context('forkserver')


def start_server():
    """Start the server, which finds its imports by PYTHONPATH alone (Python 3.11)."""
    CONTEXT.set_forkserver_preload(['preloaded'])
    before = os.environ.get('PYTHONPATH')
    os.environ['PYTHONPATH'] = str(Path(__file__).parent)
    forkserver.ensure_running()
    if before is None:
        del os.environ['PYTHONPATH']
    else:
        os.environ['PYTHONPATH'] = before


class PythonProcess:
    """What ``subprocess.Popen`` offers, for a command that begins with ``sys.executable``.

    Args:
        command: The interpreter, then ``script``, ``-c code`` or ``-m module``, then arguments.
        output: Writable connection for its output and errors.
        errors: Another one for its errors; None for the same.
        env: Its whole environment; None for that of the tests.
        cwd: Folder to run in.
    """

    def __init__(self, command, output, errors=None, env=None, cwd=ROOT):
        start_server()
        words = [str(word) for word in command[1:]]
        environment = dict(os.environ if env is None else env)
        arguments = (words, environment, str(cwd), output, errors)
        self.process = CONTEXT.Process(target=_become, args=arguments)
        self.process.start()
        self.pid = self.process.pid
        self.stdout = None

    @property
    def returncode(self):
        return self.process.exitcode

    def poll(self):
        self.process.join(0)
        return self.process.exitcode

    def wait(self, timeout=None):
        self.process.join(timeout)
        if self.process.exitcode is None:
            raise subprocess.TimeoutExpired('python', timeout)
        return self.process.exitcode

    def communicate(self, timeout=None):
        text = self.stdout.read()
        self.wait(timeout)
        return text, None

    def send_signal(self, number):
        os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        """End it and whatever it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.process.join(10)


def start_python(command, env=None, cwd=ROOT):
    """Start a command; ``stdout`` of the process gives its output and errors as they come."""
    reader, writer = CONTEXT.Pipe(duplex=False)
    child = PythonProcess(command, writer, env=env, cwd=cwd)
    writer.close()
    child.stdout = os.fdopen(os.dup(reader.fileno()), errors='replace')
    reader.close()
    return child


def run_python(command, env=None, cwd=ROOT, timeout=300):
    """Run a command to its end, as ``subprocess.run(..., capture_output=True, text=True)``."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ('out', 'err')]
        child = PythonProcess(command, *map(str, paths), env=env, cwd=cwd)
        try:
            child.wait(timeout)
        finally:
            child.kill()
        texts = [path.read_text(errors='replace') for path in paths]
        return subprocess.CompletedProcess(command, child.returncode, *texts)


def _become(words, env, cwd, output, errors):
    """Run a command in this process."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for number, target in ((1, output), (2, output if errors is None else errors)):
        opened = isinstance(target, str)
        file = os.open(target, os.O_WRONLY | os.O_CREAT) if opened else target.fileno()
        os.dup2(file, number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout = os.fdopen(1, 'w', buffering=1)
    sys.stderr = os.fdopen(2, 'w', buffering=1)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    multiprocessing.set_start_method(None, force=True)  # not that of this process
    kind, *rest = words
    if kind == '-c':
        sys.argv = ['-c', *rest[1:]]
        sys.path.insert(0, '')
        main = sys.modules['__main__'] = types.ModuleType('__main__')
        exec(compile(rest[0], '<string>', 'exec'), main.__dict__)
    elif kind == '-m':
        sys.argv = rest
        sys.path.insert(0, '')
        runpy.run_module(rest[0], run_name='__main__', alter_sys=True)
    else:
        sys.argv = words
        sys.path.insert(0, str(Path(kind).resolve().parent))
        runpy.run_path(kind, run_name='__main__')
