import sys

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import MODELS, DefaultScope
from script_processes import run_python

from glcnet_plugin.inference.onnx_model import load_onnx

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
    assert last == f'error: no such checkpoint: {tmp_path / "gone.pth"}'


def test_help_has_an_example(export):
    done = export('--help')
    assert 'Example:' in done.stdout and '--layout' in done.stdout


def test_segmentation_networks_are_exported_to_onnx(export, request, tmp_path):
    root = request.config.rootpath
    cfg = Config.fromfile(root / 'configs/downstream/linear_r18w16_1xb8-300i_few-labels.py')
    with DefaultScope.overwrite_default_scope('mmseg'):
        network = MODELS.build(cfg.model)
    content = {'state_dict': network.state_dict(), 'meta': {'cfg': cfg.pretty_text}}
    torch.save(content, tmp_path / 'net.pth')
    done = export(tmp_path / 'net.pth', '--out', tmp_path / 'out', '--layout', 'onnx')
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == str(tmp_path / 'out/net.onnx')
    assert len(load_onnx(tmp_path / 'out/net.onnx').classes) == 6
