"""What pip installs holds what mim looks for."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_wheel_holds_configs_tools_and_index(tmp_path):
    source = tmp_path / 'source'
    ignore = shutil.ignore_patterns('.*', '__pycache__', 'work_dirs', 'data', '*.egg-info')
    shutil.copytree(ROOT, source, ignore=ignore)
    subprocess.run(
        [
            sys.executable, '-m', 'pip', 'wheel', '--no-deps', '--no-build-isolation', '--quiet',
            '--wheel-dir', str(tmp_path), str(source),
        ],
        check=True,
        timeout=300,
    )  # fmt: skip
    (wheel,) = tmp_path.glob('*.whl')
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ('configs', 'tools'):
        for path in (ROOT / folder).rglob('*.py'):
            assert f'glcnet_plugin/.mim/{path.relative_to(ROOT)}' in names
    assert {'glcnet_plugin/.mim/model-index.yml', 'glcnet_plugin/py.typed'} <= names
    assert not [name for name in names if '__pycache__' in name]
    assert not [name for name in names if name.startswith(('tests', 'demo', 'benchmarks'))]


def test_editable_install_is_linked_to_the_sources():
    for name in ('configs', 'tools', 'model-index.yml'):
        assert (ROOT / 'glcnet_plugin/.mim' / name).resolve() == ROOT / name


def test_model_index_names_every_pretraining_config():
    text = (ROOT / 'configs/glcnet/metafile.yml').read_text()
    for path in (ROOT / 'configs/glcnet').glob('*.py'):
        assert f'Config: configs/glcnet/{path.name}' in text
