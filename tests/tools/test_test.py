"""The scoring tool is run after a fine-tuning in tests/test_end_to_end.py."""

import importlib.util
import sys

import pytest
from script_processes import run_python


def test_help_has_an_example(request):
    done = run_python(
        [sys.executable, 'tools/test.py', '--help'],
    )
    assert 'Example:' in done.stdout and '--out' in done.stdout


@pytest.fixture
def tool(request, monkeypatch):
    monkeypatch.chdir(request.config.rootpath)
    # by path: the standard library has a package 'test' of its own
    spec = importlib.util.spec_from_file_location('scoring_tool', 'tools/test.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_config_of_a_resumed_run_is_scored_not_resumed(tool, monkeypatch, tmp_path):
    config = tmp_path / 'dumped.py'
    config.write_text("resume = True\nload_from = 'old.pth'\ntest_evaluator = dict(type='x')\n")
    monkeypatch.setattr(sys, 'argv', ['test.py', str(config), 'x.pth'])
    cfg = tool.load_config(tool.parse_args())
    assert cfg.load_from == 'x.pth' and cfg.resume is False


def test_command_line_reaches_the_config(tool, monkeypatch):
    config = 'configs/downstream/d3plus_r18w16_1xb8-120i_demo.py'
    options = [
        '--launcher',
        'pytorch',
        '--local-rank',
        '1',
        '--out',
        'o',
        '--show-dir',
        's',
        '--cfg-options',
        'a.b=1',
    ]
    monkeypatch.setattr(sys, 'argv', ['test.py', config, 'x.pth', *options])
    monkeypatch.delenv('LOCAL_RANK', raising=False)
    cfg = tool.load_config(tool.parse_args())
    assert (cfg.launcher, cfg.load_from, cfg.a.b) == ('pytorch', 'x.pth', 1)
    assert cfg.test_evaluator.output_dir == 'o' and cfg.visualizer.save_dir == 's'
    assert tool.os.environ['LOCAL_RANK'] == '1'
