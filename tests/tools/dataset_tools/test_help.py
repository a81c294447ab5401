import importlib
import sys
from pathlib import Path

import pytest

TOOLS = sorted((Path(__file__).resolve().parents[3] / 'tools/dataset_tools').glob('[a-z]*.py'))


@pytest.mark.parametrize('path', TOOLS, ids=lambda path: path.stem)
def test_help_has_an_example_and_errors_no_traceback(path, monkeypatch, capsys):
    tool = importlib.import_module(path.stem)
    monkeypatch.setattr(sys, 'argv', [path.name, '--help'])
    with pytest.raises(SystemExit) as ended:
        tool.main()
    assert ended.value.code == 0
    assert f'Example:\n    python tools/dataset_tools/{path.name} ' in capsys.readouterr().out
    assert path.read_text().endswith("\n\nif __name__ == '__main__':\n    run_tool(main)\n")
