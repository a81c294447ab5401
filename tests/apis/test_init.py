import inspect
import re
import subprocess
import sys

from glcnet_plugin import __version__, apis


def test_documented_names_are_those_there_are():
    documented = set(re.findall(r':(?:func|class):`(\w+)`', apis.__doc__))
    assert documented == set(dir(apis)) == set(apis.__all__)
    assert 10 <= len(documented) <= 18


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


def test_the_package_shows_the_same_names_and_imports_no_host():
    code = (
        'import sys, glcnet_plugin\n'
        "hosts = {'mmengine', 'mmcv', 'mmseg', 'mmpretrain', 'torch'}\n"
        "print(sorted(hosts & set(sys.modules)), 'load_model' in dir(glcnet_plugin))\n"
        'print(glcnet_plugin.confusion_scores.__name__, glcnet_plugin.__version__)\n'
    )
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ['[]', 'True', 'confusion_scores', __version__]
