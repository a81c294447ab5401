import sys
import warnings

import pytest

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
def test_the_toolboxes_are_imported_without_a_word(start):
    """In a real interpreter: that of other tests has imported them before."""
    import subprocess

    done = subprocess.run([sys.executable, '-c', CODE], capture_output=True, text=True, check=True)
    assert done.stdout == done.stderr == ''
