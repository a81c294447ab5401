import hashlib
import subprocess
from types import SimpleNamespace

import numpy as np
import pytest
from mmengine.dataset import ConcatDataset, RepeatDataset
from mmengine.registry import DATASETS

from glcnet_plugin.engine.provenance import (
    code_digest,
    data_fingerprint,
    environment,
    git_hash,
    image_paths,
    tile_side,
)


def git(folder, *command):
    identity = ('-c', 'user.name=a', '-c', 'user.email=a@example.org')
    done = subprocess.run(
        ['git', '-C', str(folder), *identity, *command], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path):
    package = tmp_path / 'repo/package'
    package.mkdir(parents=True)
    (package / '__init__.py').write_text('a = 1')
    git(package, 'init', '-q')
    git(package, 'add', '.')
    git(package, 'commit', '-q', '-m', 'first')
    git(package, 'tag', 'v1')  # a tag would hide the hash
    return package


def test_the_commit_of_the_checkout(checkout, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # wherever the training was started
    assert git_hash(checkout) == git(checkout, 'rev-parse', 'HEAD')


def test_changed_code_is_said_to_be_changed(checkout):
    (checkout / '__init__.py').write_text('a = 2')
    assert git_hash(checkout) == git(checkout, 'rev-parse', 'HEAD') + '-dirty'


def test_a_package_installed_inside_of_another_repository_is_unknown(checkout):
    installed = checkout / 'site-packages/other'
    installed.mkdir(parents=True)
    (installed / '__init__.py').write_text('')
    assert git_hash(installed) == 'unknown'


def test_outside_of_git_and_without_git(tmp_path, checkout, monkeypatch):
    assert git_hash(tmp_path) == 'unknown'
    monkeypatch.setenv('PATH', '')
    assert git_hash(checkout) == 'unknown'


def folder_of(images):
    return DATASETS.build(dict(type='glcnet_plugin.UnlabeledRSDataset', data_root=str(images)))


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / 'images'
    (folder / 'sub').mkdir(parents=True)
    np.save(folder / 'b.npy', np.zeros((8, 8, 3), np.uint8))
    np.save(folder / 'sub/a.npy', np.zeros((4, 4, 3), np.uint8))
    return folder


def test_fingerprint_of_names_and_sizes(images):
    lines = [f'{name} {(images / name).stat().st_size}' for name in ('b.npy', 'sub/a.npy')]
    digest = hashlib.sha256('\n'.join(lines).encode()).hexdigest()
    assert data_fingerprint(image_paths(folder_of(images))) == {'images': 2, 'sha256': digest}


def test_fingerprint_does_not_depend_on_place_or_order(images, tmp_path):
    before = data_fingerprint(image_paths(folder_of(images)))
    moved = images.rename(tmp_path / 'moved')
    (tmp_path / 'list.txt').write_text('sub/a\nb\n')
    listed = DATASETS.build(
        dict(
            type='glcnet_plugin.UnlabeledRSDataset',
            data_root=str(moved),
            ann_file=str(tmp_path / 'list.txt'),
        )
    )
    assert data_fingerprint(image_paths(listed)) == before


def test_fingerprint_depends_on_names_and_sizes(images):
    before = data_fingerprint(image_paths(folder_of(images)))
    np.save(images / 'b.npy', np.zeros((9, 8, 3), np.uint8))
    other_size = data_fingerprint(image_paths(folder_of(images)))
    (images / 'b.npy').rename(images / 'c.npy')
    other_name = data_fingerprint(image_paths(folder_of(images)))
    digests = {found['sha256'] for found in (before, other_size, other_name)}
    assert len(digests) == 3


def test_scenes_not_windows(images):
    scenes = DATASETS.build(
        dict(
            type='glcnet_plugin.UnlabeledSceneDataset',
            data_root=str(images),
            window_size=4,
            num_windows=50,
        )
    )
    assert data_fingerprint(image_paths(scenes)) == data_fingerprint(image_paths(folder_of(images)))


def test_labelled_folders(labelled_folder):
    (labelled_folder / 'all.txt').write_text('a1\na2\nb1\n')
    config = dict(
        type='glcnet_plugin.FolderSegDataset', data_root=str(labelled_folder), ann_file='all.txt'
    )
    files = sorted((labelled_folder / 'images').iterdir())
    lines = [f'images/{path.name} {path.stat().st_size}' for path in files]
    digest = hashlib.sha256('\n'.join(lines).encode()).hexdigest()
    assert data_fingerprint(image_paths(DATASETS.build(config))) == {'images': 3, 'sha256': digest}


def test_joined_and_repeated_datasets(images, tmp_path):
    first = folder_of(images)
    more = tmp_path / 'more'
    more.mkdir()
    np.save(more / 'z.npy', np.zeros((8, 8, 3), np.uint8))
    joined = ConcatDataset([first, folder_of(more)])
    assert data_fingerprint(image_paths(RepeatDataset(first, 3))) == data_fingerprint(
        image_paths(first)
    )
    assert data_fingerprint(image_paths(joined))['images'] == 3


def test_addresses_count_by_name():
    info = {'img_path': '/vsicurl/https://example.org/a.tif'}
    dataset = SimpleNamespace(data_root='', scenes=[info['img_path']], get_data_info=None)
    digest = hashlib.sha256(info['img_path'].encode()).hexdigest()
    assert data_fingerprint(image_paths(dataset)) == {'images': 1, 'sha256': digest}


def test_datasets_that_do_not_say_what_they_read():
    assert data_fingerprint(image_paths([1, 2])) is None
    assert data_fingerprint(image_paths(SimpleNamespace(datasets=[[1], [2]]))) is None


def test_changed_code_has_another_digest(tmp_path):
    (tmp_path / 'a.py').write_text('a = 1')
    before = code_digest(tmp_path)
    code_digest.cache_clear()
    (tmp_path / 'a.py').write_text('a = 2')
    assert code_digest(tmp_path) != before


def test_versions_code_and_machine():
    made = environment()
    assert set(made) == {'versions', 'git_hash', 'code', 'machine'}
    assert made['versions']['numpy'] == np.__version__ and len(made['code']) == 16


def test_the_side_of_tiles_is_the_median_of_their_shorter_sides(tmp_path):
    for name, shape in {'a': (8, 6, 3), 'b': (4, 9, 3), 'c': (7, 7, 3)}.items():
        np.save(tmp_path / f'{name}.npy', np.zeros(shape, np.uint8))
    settings = dict(type='glcnet_plugin.UnlabeledRSDataset', data_root=str(tmp_path))
    dataset = DATASETS.build(settings)
    assert tile_side(image_paths(dataset)) == 6
    assert tile_side(image_paths(ConcatDataset([dataset, dataset]))) == 6
    (tmp_path / 'a.npy').write_bytes(b'no image')
    assert tile_side(image_paths(dataset)) is None
    assert tile_side(image_paths(SimpleNamespace())) is None
