"""Pages of the registered classes and the published data sets, from signatures and docstrings.

Part of the build of the site (``mkdocs.yml``); nothing is imported from the package.

Example:
    python tools/doc_classes.py    # print the page of the classes
"""

import ast
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import griffe

ROOT = Path(__file__).resolve().parents[1]
TITLES = {
    'MODELS': 'Methods, heads, losses, networks',
    'DATASETS': 'Datasets',
    'TRANSFORMS': 'Transforms',
    'HOOKS': 'Hooks',
    'METRICS': 'Metrics',
}
ROLE = re.compile(r':(?:class|func|meth|mod|attr|data):`~?([^`]+)`')
HIDDEN = ('self', 'cls')
EXAMPLE_LINES = 16


@cache
def package() -> griffe.Module:
    """The package, read and not executed."""
    return griffe.load('glcnet_plugin', search_paths=[ROOT])


def classes_of(module: griffe.Module) -> Iterator[griffe.Class]:
    """Classes that the module and those below it define."""
    for member in module.members.values():
        if not member.is_alias and member.is_module:
            yield from classes_of(member)
        elif not member.is_alias and member.is_class:
            yield member


@cache
def registered() -> dict[str, list[griffe.Class]]:
    """Classes of each registry that configs name, sorted by name."""
    found: dict[str, list[griffe.Class]] = {registry: [] for registry in TITLES}
    for kind in classes_of(package()):
        for decorator in kind.decorators:
            registry, _, call = str(decorator.value).partition('.')
            if call == 'register_module()':
                found[registry].append(kind)
    return {key: sorted(kinds, key=lambda kind: kind.name) for key, kinds in found.items()}


def plain(text: str) -> str:
    """Text of a docstring as Markdown: roles become code."""
    return ROLE.sub(r'`\1`', text).replace('``', '`')


def summary(kind: griffe.Class) -> str:
    """What a class is: its docstring before the arguments."""
    sections = kind.docstring.parse('google', warnings=False) if kind.docstring else []
    return '\n\n'.join(plain(s.value) for s in sections if s.kind.value == 'text')


def lineage(kind: griffe.Class) -> list[griffe.Class]:
    """The class and its bases within the package, in the order of resolution."""
    return [kind, *kind.mro()]


def handed_on(function: griffe.Function) -> tuple[int, set[str]]:
    """What an ``__init__`` gives to the one of its base: number of positions, and names."""
    for node in ast.walk(ast.parse(textwrap.dedent(function.source))):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == 'super().__init__':
            return len(node.args), {word.arg for word in node.keywords if word.arg is not None}
    return 0, set()


def arguments(owner: griffe.Class) -> list[griffe.DocstringParameter] | None:
    """Arguments of the ``__init__`` that a class defines itself; None if it defines none."""
    own = owner.members.get('__init__')
    if own is None:
        return None
    sections = owner.docstring.parse('google', warnings=False) if owner.docstring else []
    described = {
        one.name: one.description
        for section in sections
        if section.kind.value == 'parameters'
        for one in section.value
    }
    return [
        griffe.DocstringParameter(
            one.name,
            annotation=one.annotation,
            value=None if one.default is None else str(one.default),
            description=described.get(one.name, ''),
        )
        for one in own.parameters
        if one.name not in HIDDEN and not one.kind.value.startswith('variadic')
    ]


def keys(kind: griffe.Class) -> tuple[list[griffe.DocstringParameter], str]:
    """Config keys of a class, and who else takes further ones.

    Args:
        kind: The class.

    Returns:
        Arguments with type, default and meaning, also those handed on to bases within the
        package; and the first base outside of it that receives the rest, empty if none does.
    """
    found: dict[str, griffe.DocstringParameter] = {}
    positions, set_before = 0, set[str]()
    for owner in lineage(kind):
        own = arguments(owner)
        if own is None:
            continue
        set_before |= {one.name for one in own[:positions]}
        found.update(
            (one.name, one) for one in own if one.name not in set_before and one.name not in found
        )
        function = owner.members['__init__']
        if not any(one.kind.value.startswith('variadic') for one in function.parameters):
            return list(found.values()), ''
        positions, names = handed_on(function)
        set_before |= names
    inside = {owner.name for owner in lineage(kind)}
    outside = [
        str(base)
        for owner in lineage(kind)
        for base in owner.bases
        if str(base) not in inside and not str(base).endswith('Mixin')
    ]
    return list(found.values()), outside[0] if outside else ''


def cell(text: str) -> str:
    """Text in a cell of a table."""
    return ' '.join(plain(text).split()).replace('|', '&#124;')


def code(text: str) -> str:
    """Code in a cell of a table; the site needs no escape of ``|`` there."""
    return f'`{" ".join(text.split())}`'


def keys_table(kind: griffe.Class) -> list[str]:
    """Table of the config keys of a class, as lines of Markdown."""
    parameters, base = keys(kind)
    lines = []
    if parameters:
        lines += ['| key | type | default | meaning |', '|---|---|---|---|']
    for one in parameters:
        default = 'required' if one.value is None else code(one.value)
        lines.append(
            f'| `{one.name}` | {code(str(one.annotation))} | {default} | {cell(one.description)} |'
        )
    if base:
        further = 'Further keys are' if parameters else 'The keys are'
        lines += ['', f'{further} those of `{base}`.']
    return lines


@cache
def uses() -> dict[str, tuple[str, str]]:
    """For each class that a config names: the config with the longest short ``dict`` of it."""
    found: dict[str, tuple[str, str]] = {}
    for path in sorted((ROOT / 'configs').rglob('*.py')):
        text = path.read_text(encoding='utf-8')
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call) or getattr(node.func, 'id', '') != 'dict':
                continue
            named = [ast.unparse(k.value).strip("'") for k in node.keywords if k.arg == 'type']
            if not named or not named[0].startswith('glcnet_plugin.'):
                continue
            source = ast.get_source_segment(text, node, padded=True) or ''
            first, _, rest = source.strip().partition('\n')
            source = f'{first}\n{textwrap.dedent(rest)}'.strip() if rest else first
            name = named[0].removeprefix('glcnet_plugin.')
            short = source.count('\n') < EXAMPLE_LINES
            if short and len(source) > len(found.get(name, ('', ''))[1]):
                found[name] = (str(path.relative_to(ROOT)), source)
    return found


def example(kind: griffe.Class) -> list[str]:
    """How a config names a class: from a shipped one, else with its required keys."""
    if kind.name in uses():
        path, source = uses()[kind.name]
        where = [f'As in [{path}](../../{path}):', '']
    else:
        needed = [f', {one.name}=...' for one in keys(kind)[0] if one.value is None]
        where, source = [], f"dict(type='glcnet_plugin.{kind.name}'{''.join(needed)})"
    return [*where, '```python', source, '```']


def class_section(kind: griffe.Class, level: int = 3) -> str:
    """One class: what it is, its keys, an example."""
    table = '\n'.join(keys_table(kind))
    parts = [f'{"#" * level} {kind.name}', summary(kind), table, '\n'.join(example(kind))]
    return '\n\n'.join(part for part in parts if part)


def classes_page() -> str:
    """All registered classes but the published data sets, which have their own pages."""
    published = {kind.name for kinds in published_sets().values() for kind in kinds}
    text = [
        '# Classes and their config keys',
        'Configs name these classes with the prefix `glcnet_plugin.`, without `custom_imports`, '
        'in every default scope. Keys, types and defaults are read from the signatures.',
    ]
    for registry, kinds in registered().items():
        shown = [kind for kind in kinds if kind.name not in published]
        text += [f'## {TITLES[registry]}', *(class_section(kind) for kind in shown)]
    return '\n\n'.join(text) + '\n'


def published_sets() -> dict[griffe.Module, list[griffe.Class]]:
    """Data sets with classes of their own or of a publisher's layout, by module."""
    found: dict[griffe.Module, list[griffe.Class]] = {}
    for kind in registered()['DATASETS']:
        if kind.module.name not in ('folder', 'unlabeled', 'scenes'):
            found.setdefault(kind.module, []).append(kind)
    return found


if __name__ == '__main__':
    print(classes_page())
