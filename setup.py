"""Build hooks that put configs and tools into ``glcnet_plugin/.mim``, where mim looks for them.

Metadata is in pyproject.toml. The hooks run for wheels, sdists and editable installs alike.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py
from setuptools.command.egg_info import egg_info
from setuptools.command.sdist import sdist

ROOT = Path(__file__).resolve().parent
CONTENT = ('configs', 'tools', 'model-index.yml')


def fill_mim(copy):
    """Copy or link the content, so that ``mim train glcnet_plugin CONFIG`` finds it.

    Links keep an editable install in sync with the sources.
    """
    target = ROOT / 'glcnet_plugin' / '.mim'
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    for name in CONTENT:
        source = ROOT / name
        if not copy:
            (target / name).symlink_to(source)
        elif source.is_dir():
            shutil.copytree(source, target / name, ignore=shutil.ignore_patterns('__pycache__'))
        else:
            shutil.copyfile(source, target / name)


class EggInfo(egg_info):
    def run(self):
        fill_mim(copy=False)
        super().run()


class BuildPy(build_py):
    def run(self):
        fill_mim(copy=not self.editable_mode)
        super().run()


class BDistWheel(bdist_wheel):
    def write_wheelfile(self, wheelfile_base, *args, **kwargs):
        """Put the content into the metadata folder as well.

        onedl-mim takes the first folder of the list of installed files for the package. pip sorts
        that list, and ``glcnet_plugin-0.1.0.dist-info`` comes before ``glcnet_plugin``.
        """
        super().write_wheelfile(wheelfile_base, *args, **kwargs)
        content = Path(wheelfile_base).parent / 'glcnet_plugin' / '.mim'
        if content.exists():  # not in editable installs, where mim reads the sources
            shutil.copytree(content, Path(wheelfile_base) / '.mim')


class SDist(sdist):
    def run(self):
        fill_mim(copy=True)
        super().run()


setup(
    cmdclass={
        'bdist_wheel': BDistWheel,
        'build_py': BuildPy,
        'egg_info': EggInfo,
        'sdist': SDist,
    }
)
