"""What pip installs holds what mim looks for."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
CONTENT = ('configs', 'tools', 'model-index.yml')
# pip fetches the setuptools that pyproject.toml asks for; these tests use what is installed
pytest.importorskip('setuptools.command.bdist_wheel')


def build(kind, source, folder):
    """Build a 'wheel', an 'sdist' or an 'editable' wheel as pip does; the path of the archive."""
    code = f'from setuptools import build_meta; print(build_meta.build_{kind}({str(folder)!r}))'
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=source, timeout=120, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / done.stdout.split()[-1]


def content_files():
    """Names of the files that mim needs, relative to the root."""
    files = [path for name in CONTENT[:2] for path in (ROOT / name).rglob('*')]
    files = [path for path in files if path.is_file() and path.suffix in ('.py', '.sh', '.yml')]
    return {str(path.relative_to(ROOT)) for path in files} | {CONTENT[2]}


@pytest.fixture(scope='module')
def source(tmp_path_factory):
    """A copy of what the repository holds, as a fresh clone has it."""
    folder = tmp_path_factory.mktemp('clone') / 'source'
    ignore = shutil.ignore_patterns('.*', '__pycache__', 'work_dirs', 'data', '*.egg-info')
    shutil.copytree(ROOT, folder, ignore=ignore)
    return folder


@pytest.fixture(scope='module')
def sdist(source):
    return build('sdist', source, source.parent)


@pytest.fixture(scope='module')
def wheel(sdist):
    """The wheel that is built from the unpacked sdist."""
    with tarfile.open(sdist) as archive:
        archive.extractall(sdist.parent / 'unpacked')
    (source,) = (sdist.parent / 'unpacked').iterdir()
    return build('wheel', source, sdist.parent)


def test_sdist_holds_the_content_twice(sdist):
    """As sources, from which the wheel is built, and as the package's data."""
    with tarfile.open(sdist) as archive:
        names = {name.split('/', 1)[-1] for name in archive.getnames()}
    assert content_files() <= names
    assert {f'glcnet_plugin/.mim/{name}' for name in content_files()} <= names
    assert not [name for name in names if '__pycache__' in name]


def test_wheel_holds_configs_tools_and_index(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ('glcnet_plugin', 'glcnet_plugin-0.1.0.dist-info'):
        assert {f'{folder}/.mim/{name}' for name in content_files()} <= names
    assert 'glcnet_plugin/py.typed' in names
    assert not [name for name in names if '__pycache__' in name]
    assert not [name for name in names if name.startswith(('tests', 'demo', 'benchmarks'))]


def test_mim_finds_the_content_of_an_installed_wheel(wheel, tmp_path):
    """pip sorts the list of files; onedl-mim goes by its first line, openmim by the name."""
    command = (sys.executable, '-m', 'pip', 'install', '--quiet', '--no-index', '--no-deps')
    subprocess.run([*command, '--target', str(tmp_path), str(wheel)], check=True, timeout=120)
    code = "from mim.utils import get_installed_path; print(get_installed_path('glcnet_plugin'))"
    done = subprocess.run(
        [sys.executable, '-c', code], cwd=tmp_path, timeout=60, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    folder = tmp_path / done.stdout.split()[-1]
    assert folder.is_relative_to(tmp_path)
    assert not [name for name in content_files() if not (folder / '.mim' / name).is_file()]


def test_editable_install_is_linked_to_the_sources(source):
    archive = build('editable', source, source.parent)
    assert not [name for name in zipfile.ZipFile(archive).namelist() if '.mim' in name]
    for folder in (source, ROOT):
        for name in CONTENT:
            assert (folder / 'glcnet_plugin/.mim' / name).resolve() == folder / name
