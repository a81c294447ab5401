"""Pages of the site that are made from the code: tools, configs, data sets, functions, notebook.

Part of the build of the site (``mkdocs.yml``).

Example:
    python tools/doc_pages.py reference/tools.md    # print a page
"""

import ast
import contextlib
import importlib
import io
import json
import os
import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import griffe
from doc_classes import class_section, classes_page, plain, published_sets

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ('tools', 'tools/dataset_tools', 'demo', 'demo/synthetic')
INTERNAL = (
    'check_docs',
    'check_pair',
    'doc_',
    'feature_picture',
    'map_picture',
)  # for those who change the package
# the formulas; no type of OpenMMLab is needed to call them
FUNCTIONS = (
    'models.losses.contrastive.nt_xent',
    'models.losses.contrastive.queue_nt_xent',
    'models.utils.style.style_vector',
    'models.utils.regions.sample_regions',
    'models.utils.regions.pool_regions',
    'geometry.crop_resize_matrix',
    'geometry.flip_matrix',
    'geometry.rotate90_matrix',
    'geometry.map_points',
    'geometry.view_overlap',
    'evaluation.confusion.confusion_matrix',
)


def scripts() -> list[Path]:
    """Command-line tools for users."""
    return [
        path
        for folder in TOOLS
        for path in sorted((ROOT / folder).glob('*.py'))
        if not path.name.startswith(INTERNAL) and 'utils.cli' in path.read_text(encoding='utf-8')
    ]


def help_text(script: Path) -> str:
    """What ``--help`` of a tool prints, at 88 columns."""
    printed = io.StringIO()
    with (
        patch.object(sys, 'argv', [str(script.relative_to(ROOT)), '--help']),
        patch.object(sys, 'path', [str(script.parent), *sys.path]),
        patch.dict(os.environ, COLUMNS='88'),
        contextlib.redirect_stdout(printed),
        contextlib.suppress(SystemExit),
    ):
        runpy.run_path(str(script), run_name='__main__')
    return printed.getvalue().strip()


def tools_page() -> str:
    """All tools with their ``--help``."""
    text = ['# Tools', 'Every tool is a command with `--help`; its text is shown here.']
    for script in scripts():
        text += [f'## {script.relative_to(ROOT)}', f'```text\n{help_text(script)}\n```']
    return '\n\n'.join(text) + '\n'


def comment(path: Path) -> str:
    """What a config is for: the comment on its first lines."""
    lines = []
    for line in path.read_text(encoding='utf-8').splitlines():
        if not line.startswith('#'):
            break
        lines.append(line.removeprefix('#').strip())
    return ' '.join(lines)


def config_section(path: Path) -> str:
    """One config: what it is for, and its text to unfold."""
    source = '\n'.join(f'    {line}' for line in path.read_text(encoding='utf-8').splitlines())
    return (
        f'### {path.stem} {{ #{path.stem} }}\n\n{comment(path)}\n\n'
        f'??? abstract "{path.relative_to(ROOT)}"\n\n    ```python\n{source}\n    ```\n'
    )


def configs_page(title: str, above: Path, folders: Callable[[Path], bool]) -> str:
    """Configs of the folders below ``above`` that ``folders`` accepts."""
    text = [f'# {title}']
    paths = sorted(path for path in above.rglob('*.py') if folders(path))
    # baselines last
    for folder in sorted(
        {path.parent for path in paths}, key=lambda p: ('baselines' in p.parts, p)
    ):
        text.append(f'## {folder.relative_to(ROOT)}')
        text += [config_section(path) for path in paths if path.parent == folder]
    return '\n\n'.join(text) + '\n'


def dataset_page(module: griffe.Module) -> str:
    """A published data set: classes with their colours, layout, converter, configs."""
    kinds = published_sets()[module]
    title = (module.docstring.value if module.docstring else module.name).split('\n')[0]
    title = re.sub(r'(,[^,()]*(as published|without conversion))?\.?$', '', title)
    source = re.search(r',? *(https?://[^)\s]+)', title)
    text = ['# ' + (title if source is None else title.replace(source[0], '').replace('()', ''))]
    text += [] if source is None else [f'Source: {source[1]}']
    rest = plain(module.docstring.value).partition('\n')[2].strip() if module.docstring else ''
    text += [rest] if rest else []
    for kind in kinds:
        text += [class_section(kind, 2), *classes_of_set(kind)]
    converter = ROOT / f'tools/dataset_tools/convert_{module.name}.py'
    converters = [converter] if converter.is_file() else []
    if module.name == 'isprs':
        converters = [converter.with_name(f'convert_{n}.py') for n in ('potsdam', 'vaihingen')]
    for path in converters:
        doc = ast.get_docstring(ast.parse(path.read_text(encoding='utf-8')), clean=True)
        text += [f'## Converter: {path.name}', f'```text\n{doc}\n```']
    return '\n\n'.join(text) + '\n'


def classes_of_set(kind: griffe.Class) -> list[str]:
    """Table of the classes of a data set; nothing for one that finds them beside the data."""
    info = getattr(importlib.import_module(kind.module.path), kind.name).METAINFO
    if 'classes' not in info:
        return []
    lines = ['| id | class | colour |', '|---|---|---|']
    for number, (name, colour) in enumerate(zip(info['classes'], info['palette'], strict=True)):
        code = '#{:02X}{:02X}{:02X}'.format(*colour)
        square = f'<span class="colour" style="background:{code}"></span>'
        lines.append(f'| {number} | {name} | {square} `{code}` |')
    return ['\n'.join(lines)]


def public_names() -> list[str]:
    """Paths of the functions and classes of ``glcnet_plugin.apis``, in the order of its text."""
    tree = ast.parse((ROOT / 'glcnet_plugin/apis/__init__.py').read_text(encoding='utf-8'))
    (call,) = (n for n in ast.walk(tree) if isinstance(n, ast.Call))
    modules: dict[str, list[str]] = ast.literal_eval(call.keywords[0].value)
    text = ast.get_docstring(tree) or ''
    paths = [
        f'glcnet_plugin.{module}.{name}' for module, names in modules.items() for name in names
    ]
    return sorted(paths, key=lambda path: text.find(f'`{path.rsplit(".", 1)[1]}`'))


def api_page() -> str:
    """The public functions, to be filled by mkdocstrings."""
    text = [
        '# Python API',
        'These names are attributes of `glcnet_plugin`: `glcnet_plugin.load_model(...)`. '
        'Importing the package imports nothing else before one of them is used.',
        *(f'::: {path}' for path in public_names()),
    ]
    return '\n\n'.join(text) + '\n'


def functions_page() -> str:
    """The pure functions, to be filled by mkdocstrings."""
    text = ['# Functions of the method', 'Tensors or arrays in and out, no type of OpenMMLab.']
    for path in FUNCTIONS:
        module, _, name = path.rpartition('.')
        text += [f'::: glcnet_plugin.{path}', f'`from glcnet_plugin.{module} import {name}`']
    return '\n\n'.join(text) + '\n'


def notebook_page(path: Path) -> str:
    """A notebook as Markdown."""
    cells: list[dict[str, Any]] = json.loads(path.read_text(encoding='utf-8'))['cells']
    text: list[str] = []
    for cell in cells:
        source = ''.join(cell['source'])
        text.append(source if cell['cell_type'] == 'markdown' else f'```python\n{source}\n```')
    text.insert(1, f'*To run it, open `docs/notebooks/{path.name}` in Jupyter.*')
    return '\n\n'.join(text) + '\n'


def pages() -> dict[str, Callable[[], str]]:
    """Path below ``docs`` of each page, and what makes it."""
    configs = ROOT / 'configs'
    made: dict[str, Callable[[], str]] = {
        'reference/api.md': api_page,
        'reference/functions.md': functions_page,
        'reference/classes.md': classes_page,
        'reference/tools.md': tools_page,
        'reference/configs.md': lambda: configs_page(
            'Configs', configs, lambda path: '_base_' not in path.parts
        ),
        'reference/base_configs.md': lambda: configs_page(
            'Building blocks of configs', configs, lambda path: '_base_' in path.parts
        ),
        'reference/author_studies.md': lambda: configs_page(
            'Studies of the authors', ROOT / 'benchmarks/studies', lambda path: True
        ),
        'changelog.md': lambda: (ROOT / 'CHANGELOG.md').read_text(encoding='utf-8'),
    }
    for module in published_sets():
        made[f'datasets/{module.name}.md'] = lambda module=module: dataset_page(module)
    for path in (ROOT / 'docs/notebooks').glob('*.ipynb'):
        made[f'notebooks/{path.stem}.md'] = lambda path=path: notebook_page(path)
    return made


if __name__ == '__main__':
    print(pages()[sys.argv[1]]())
