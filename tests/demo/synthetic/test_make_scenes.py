import sys

import numpy as np
import pytest
from script_processes import run_python
from synthetic.make_scenes import colour_only_kappa, make_scenes

from glcnet_plugin.datasets.io.folder_format import read_classes, read_manifest
from glcnet_plugin.datasets.io.images import read_image
from glcnet_plugin.datasets.io.masks import read_mask


def test_layout(scenes):
    rows = read_manifest(scenes)
    assert len(rows) == 3 * 4 and {row['group'] for row in rows} == {'s000', 's001', 's002'}
    assert read_classes(scenes)['classes'][0] == 'field'
    for row in rows:
        image = read_image(str(scenes / 'images' / f'{row["name"]}.png'))
        mask = read_mask(scenes / 'masks' / f'{row["name"]}.png')
        assert image.shape == (160, 160, 3) and mask.shape == (160, 160) and mask.max() < 6


def test_bytes_are_the_same_on_every_run(tmp_path):
    for folder in ('a', 'b'):
        make_scenes(tmp_path / folder, scenes=1, size=160, tile=160, seed=3)
    for path in (tmp_path / 'a').rglob('*.*'):
        assert path.read_bytes() == (tmp_path / 'b' / path.relative_to(tmp_path / 'a')).read_bytes()


def test_four_bands(tmp_path):
    make_scenes(tmp_path, scenes=1, size=160, tile=160, bands=4)
    assert read_image(str(next((tmp_path / 'images').iterdir()))).shape == (160, 160, 4)


def test_colour_only_classifier_finds_colours_and_nothing_else(labelled_folder):
    # every image has one colour and two classes: nothing to learn
    assert colour_only_kappa(labelled_folder, ['a1', 'a2'], ['b1']) == pytest.approx(0, abs=0.05)
    from glcnet_plugin.datasets.tiling.folder_writer import write_image

    for name in ('a1', 'a2', 'b1'):
        image = np.zeros((8, 8, 3), np.uint8)
        image[:, 4:] = 200
        write_image(labelled_folder / 'images' / name, image)
    assert colour_only_kappa(labelled_folder, ['a1', 'a2'], ['b1']) == 1


def test_impossible_sizes_are_refused(request, tmp_path):
    command = [
        sys.executable,
        'demo/synthetic/make_scenes.py',
        str(tmp_path),
        '--tile',
        '9999',
    ]
    done = run_python(command)
    assert done.returncode == 2 and '9999' in done.stderr
