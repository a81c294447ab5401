import inspect
import re
import subprocess
import sys

from glcnet_plugin import apis


def test_documented_names_are_those_there_are():
    documented = set(re.findall(r':(?:func|class):`(\w+)`', apis.__doc__))
    assert documented == set(dir(apis)) == set(apis.__all__)
    assert 10 <= len(documented) <= 15


def test_every_name_is_documented_where_it_is_defined():
    for name in dir(apis):
        assert inspect.getdoc(getattr(apis, name)), name
        assert getattr(apis, name).__name__ == name


def test_importing_the_face_imports_no_host():
    code = (
        'import sys, glcnet_plugin.apis\n'
        "hosts = {'mmengine', 'mmcv', 'mmseg', 'mmpretrain', 'torch'}\n"
        'print(sorted(hosts & set(sys.modules)))\n'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == '[]'
