"""From a labelled folder to the map of a scene, by commands; see also inference/."""

import sys

import numpy as np
import pytest
import rasterio
from rasterio.transform import from_origin
from script_processes import run_python

from glcnet_plugin.datasets.io.folder_format import image_files
from glcnet_plugin.datasets.io.images import read_image

pytestmark = pytest.mark.slow


@pytest.fixture
def scene(scenes, tmp_path):
    """A georeferenced scene: two tiles of the labelled folder side by side."""
    files = list(image_files(scenes / 'images').values())[:2]
    image = np.concatenate([read_image(str(file)) for file in files], 1).transpose(2, 0, 1)
    path = tmp_path / 'two.tif'
    with rasterio.open(
        path, 'w', driver='GTiff', height=160, width=320, count=3, dtype='uint8',
        crs='EPSG:32643', transform=from_origin(500_000, 2_000_000, 0.5, 0.5),
    ) as raster:  # fmt: skip
        raster.write(image)
    return path


def test_from_labels_to_a_map(scenes, scene, tmp_path):
    command = [
        sys.executable, 'tools/fit_probe.py', 'imagenet://efficientnet_lite0', scenes,
        '--work-dir', tmp_path / 'probe',
    ]  # fmt: skip
    done = run_python(command, timeout=300)
    assert done.returncode == 0, done.stderr
    checkpoint = tmp_path / 'probe/probe.pth'
    assert done.stdout.splitlines()[-2:] == [
        str(checkpoint), f'next: python tools/predict_scene.py SCENE.tif {checkpoint} --out maps',
    ]  # fmt: skip
    command = [
        sys.executable, 'tools/predict_scene.py', scene, checkpoint, '--out', tmp_path / 'maps',
        '--polygons',
    ]  # fmt: skip
    done = run_python(command, timeout=300)
    assert done.returncode == 0, done.stderr
    *_, last, polygons = done.stdout.splitlines()
    assert polygons.startswith(f'{tmp_path}/maps/two_map.gpkg: field ')
    assert last.startswith(f'{tmp_path}/maps/two_map.tif: field ') and last.endswith(
        '; 0 pixels without data'
    )
    with rasterio.open(tmp_path / 'maps/two_map.tif') as raster:
        assert raster.shape == (160, 320) and raster.crs.to_epsg() == 32643
        assert raster.tags()['CLASS_3'] == 'road'


def test_errors_are_a_line(tmp_path):
    command = [sys.executable, 'tools/fit_probe.py', 'gone.pth', tmp_path]
    done = run_python(command, timeout=120)
    assert done.returncode == 1 and 'Traceback' not in done.stderr
