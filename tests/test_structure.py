"""The habits of the code base that a machine can check."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / 'glcnet_plugin').rglob('*.py'))
MODULES = [p for p in MODULES if '.mim' not in p.parts]
SCRIPTS = [
    p
    for folder in ('tools', 'demo', 'benchmarks')
    for p in (ROOT / folder).rglob('*.py')
    if p.name != '__init__.py' and p.parent != ROOT / 'benchmarks/studies'  # these are configs
]
# imports run from a room to one of a lower floor; rooms of one floor never form a circle
FLOORS = (
    ('errors', 'geometry', '__init__'),
    ('compat', 'utils'),
    ('registry',),
    ('datasets', 'models', 'evaluation', 'visualization'),
    ('checkpoints',),
    ('engine',),
    ('study', 'inference'),
    ('apis',),
)
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


def relative(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize('path', [p for p in MODULES if p.name != '__init__.py'], ids=relative)
def test_every_module_has_its_test_file(path):
    inside = path.relative_to(ROOT / 'glcnet_plugin')
    assert (ROOT / 'tests' / inside.parent / f'test_{inside.name}').is_file()


@pytest.mark.parametrize('path', SCRIPTS, ids=relative)
def test_every_script_has_its_test_file(path):
    inside = path.relative_to(ROOT)
    assert (ROOT / 'tests' / inside.parent / f'test_{inside.name}').is_file()


@pytest.mark.parametrize('path', sorted((ROOT / 'benchmarks').glob('*.py')), ids=relative)
def test_no_benchmark_ignores_its_arguments(path):
    """``--help`` measured, and wrote over committed results."""
    text = path.read_text()
    if "__name__ == '__main__'" in text:
        assert 'parse_args(' in text or 'no_options(' in text


@pytest.mark.parametrize('path', MODULES + SCRIPTS, ids=relative)
def test_files_and_functions_are_short(path):
    text = path.read_text()
    assert text.count('\n') <= 250
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node, clean=False)
            length = node.end_lineno - node.lineno + 1 - (doc.count('\n') + 1 if doc else 0)
            assert length <= 50, f'{node.name}: {length} lines'


def test_no_distribution_of_a_host_is_named_in_the_package():
    for path in MODULES:
        text = re.sub(r'glcnet-plugin\[onedl\]', '', path.read_text())
        assert 'onedl' not in text and 'mmcv.ops' not in text, path


def test_transforms_document_their_keys():
    for path in (ROOT / 'glcnet_plugin/datasets/transforms').glob('*.py'):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef) and any(
                b.id != 'PhotometricTransform' for b in node.bases
            ):
                assert '**Required Keys:**' in ast.get_docstring(node), node.name


# private members of other libraries than OpenMMLab's that are in use, by file
PRIVATE_OF_OTHERS = {
    'checkpoints/safe_load.py': {
        '_utils', '_rebuild_parameter', '_rebuild_tensor', '_rebuild_tensor_v2',
    },
    'models/selfsup/momentum_glcnet.py': {'_version'},  # how often autograd saw it change
    'study/run/scheduler.py': {'_processes'},
}  # fmt: skip


def private_members(path):
    """Private attributes that a file reads of anything but self, cls, super() and os (os._exit)."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and re.match('_[^_]', node.attr):
            owner = getattr(node.value, 'func', node.value)
            if getattr(owner, 'id', None) not in ('self', 'cls', 'super', 'os'):
                yield node.attr


@pytest.mark.parametrize('path', MODULES, ids=relative)
def test_private_members_of_mm_are_in_one_file(path):
    inside = str(path.relative_to(ROOT / 'glcnet_plugin'))
    if inside != 'engine/mm_internals.py':
        assert set(private_members(path)) <= PRIVATE_OF_OTHERS.get(inside, set())


def imported(path):
    """Modules of this package that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module, *(f'{node.module}.{alias.name}' for alias in node.names)]
        else:
            continue
        yield from (name for name in names if name.startswith('glcnet_plugin'))


def room_of(path):
    first = path.relative_to(ROOT / 'glcnet_plugin').parts[0]
    return first.removesuffix('.py')


def rooms_imported(path):
    rooms = {(*name.split('.'), '__init__')[1] for name in imported(path)}
    return {room if room in FLOOR_OF else '__init__' for room in rooms}  # __version__


@pytest.mark.parametrize('path', MODULES, ids=relative)
def test_no_import_runs_up_a_floor(path):
    own = room_of(path)
    above = {r for r in rooms_imported(path) - {own} if FLOOR_OF[r] > FLOOR_OF[own]}
    assert not above or path.name == '__init__.py'


def circle(arrows):
    """Nodes that lie on a circle of a directed graph, or lead to one."""
    left = {node: set(targets) for node, targets in arrows.items()}
    while free := [node for node, targets in left.items() if not targets & left.keys()]:
        for node in free:
            del left[node]
    return sorted(left)


def test_rooms_of_one_floor_form_no_circle():
    arrows = {}
    for path in MODULES:
        own = room_of(path)
        arrows.setdefault(own, set()).update(rooms_imported(path) - {own})
    assert circle(arrows) == []


def test_modules_form_no_circle():
    names = {}
    for path in MODULES:
        inside = path.relative_to(ROOT).with_suffix('')
        names['.'.join(inside.parts).removesuffix('.__init__')] = path
    arrows = {
        name: {other for other in imported(path) if other in names and other != name}
        for name, path in names.items()
        if path.name != '__init__.py'
    }
    assert circle(arrows) == []
    assert circle({'a': {'b'}, 'b': {'a'}, 'c': set()}) == ['a', 'b']


def is_mark(node, names):
    """Whether a decorator is a mark of pytest of one of the names."""
    text = ast.unparse(node)
    return any(text.startswith(f'pytest.mark.{name}') for name in names)


def test_imports_of_skipped_tests_are_at_the_top():
    """Else a test that is skipped here may have named a module that is gone for long."""
    for path in (ROOT / 'tests').rglob('test_*.py'):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and any(
                is_mark(decorator, ('skip', 'real_data')) for decorator in node.decorator_list
            ):
                inside = [n for n in ast.walk(node) if isinstance(n, ast.Import | ast.ImportFrom)]
                assert not inside, f'{path}: {node.name} imports in its body'
