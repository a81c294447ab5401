"""The scoring tool is run after a fine-tuning in tests/test_end_to_end.py."""

import importlib.util
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


def test_command_line_reaches_the_config(request, monkeypatch):
    monkeypatch.chdir(request.config.rootpath)
    # by path: the standard library has a package 'test' of its own
    spec = importlib.util.spec_from_file_location('scoring_tool', 'tools/test.py')
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    config = 'configs/downstream/deeplabv3plus_resnet18w16_1xb8-adam-120i_demo.py'
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
