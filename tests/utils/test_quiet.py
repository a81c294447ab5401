import ast
import subprocess
import sys
import warnings

import pytest

from glcnet_plugin.utils.cli import exit_on_error
from glcnet_plugin.utils.quiet import USELESS_LINES, quiet_imports


@pytest.fixture(autouse=True)
def _own_filters():
    with warnings.catch_warnings():
        yield


def test_only_known_lines_are_dropped(capsys):
    with quiet_imports():
        print(USELESS_LINES[0])
        print('a note of ours')
        print(USELESS_LINES[0], 'because')
    assert capsys.readouterr().out == f'a note of ours\n{USELESS_LINES[0]} because\n'


def test_what_was_printed_before_an_error_is_shown(capsys):
    with pytest.raises(ImportError), quiet_imports():
        print('almost there')
        raise ImportError
    assert capsys.readouterr().out == 'almost there\n'


def test_only_known_warnings_of_their_modules_are_dropped():
    text = 'This DataLoader will create 8 worker processes in total.'
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter('always')
        with quiet_imports():
            pass
        for module in ('torch.utils.data.dataloader', 'glcnet_plugin.engine'):
            warnings.warn_explicit(text, UserWarning, 'x.py', 1, module)
        warnings.warn_explicit('Other', UserWarning, 'x.py', 1, 'torch.utils.data.dataloader')
    assert [str(one.message) for one in seen] == [text, 'Other']


def test_ctrl_c_while_imports_run_ends_with_a_line(capsys):
    """The tools ended with a traceback through the imports of the toolboxes."""
    with pytest.raises(SystemExit) as ended, exit_on_error(), quiet_imports():
        raise KeyboardInterrupt
    assert ended.value.code == 130
    assert capsys.readouterr().err == 'stopped; run the same command again to continue\n'


HEAVY = [
    'demo/run.py', 'tools/benchmark.py', 'tools/export.py', 'tools/fit_probe.py',
    'tools/plot_runs.py', 'tools/predict_scene.py', 'tools/score_map.py', 'tools/test.py',
    'tools/train.py',
]  # fmt: skip


@pytest.mark.parametrize('script', HEAVY)
def test_scripts_import_the_toolboxes_in_the_block(script, request):
    tree = ast.parse((request.config.rootpath / script).read_text())
    outside = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    light = {'glcnet_plugin.utils.cli', 'glcnet_plugin.utils.quiet'}
    assert {name for name in outside if name.startswith(('glcnet_plugin', 'mm'))} == light
    (block,) = (node for node in tree.body if isinstance(node, ast.With))
    managers = [item.context_expr.func.id for item in block.items]
    assert managers == ['exit_on_error', 'quiet_imports']


CODE = """
import sys
from glcnet_plugin.utils.quiet import quiet_imports
with quiet_imports():
    import mmcv.cnn.bricks.transformer
    import mmseg.datasets, mmpretrain.datasets
from torch.utils.data import DataLoader
DataLoader(range(4), num_workers=999)
"""


@pytest.mark.slow
def test_the_toolboxes_are_imported_without_a_word():
    """In a real interpreter: that of other tests has imported them before."""
    done = subprocess.run([sys.executable, '-c', CODE], capture_output=True, text=True, check=True)
    assert done.stdout == done.stderr == ''
