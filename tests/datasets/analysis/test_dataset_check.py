import json

import numpy as np
import pytest
from rasterio import Affine

from glcnet_plugin.datasets.analysis.dataset_check import check_dataset
from glcnet_plugin.datasets.analysis.sample_checks import Expectation, Sample
from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.tiling.folder_writer import write_image, write_mask


@pytest.fixture
def make(tmp_path):
    """Write an image of its own content at a place on the ground, with a mask of one class."""

    def write(name, split, seed, corner=None, label=None, group=None):
        rng = np.random.default_rng(seed)
        image = rng.integers(1, 200, (10, 10, 4)).astype(np.uint8)
        profile = {}
        if corner is not None:
            profile = {'crs': 'EPSG:32643', 'transform': Affine(1, 0, corner[0], 0, -1, corner[1])}
        path = write_image(tmp_path / name, image, **profile)
        mask = None
        if label is not None:
            mask = str(tmp_path / f'{name}_mask.png')
            write_mask(
                tmp_path / f'{name}_mask.png', np.full((10, 10), label, np.uint8), [(0,) * 3]
            )
        return Sample(split, str(path), mask, group)

    return write


def codes(result):
    return sorted(issue.code for issue in result.issues)


@pytest.mark.parametrize('workers', [0, 2])
def test_good_data(make, workers):
    samples = [make(f'a{i}', 'train', i, (i * 10, 0), i % 2, 'A') for i in range(20)]
    samples += [make(f'b{i}', 'val', 50 + i, (i * 10, 10), i % 2, 'B') for i in range(4)]
    result = check_dataset(samples, Expectation(labels=LabelRule(2)), workers)
    assert codes(result) == [] and result.errors == 0
    assert result.splits['train'].class_pixels.tolist() == [1000, 1000]
    assert {name: split.files for name, split in result.splits.items()} == {'train': 20, 'val': 4}
    assert json.loads(json.dumps(result.as_dict()))['splits']['val']['files'] == 4


def test_the_same_file_content_group_and_ground_in_training_and_validation(make):
    file = make('a', 'train', 1)
    samples = [
        file, Sample('val', file.image),
        make('b', 'train', 2), make('c', 'val', 2),
        make('d', 'train', 3, group='G'), make('e', 'val', 4, group='G'),
        make('f', 'train', 5, (0, 0)), make('g', 'val', 6, (5, 5)),
        make('h', 'val', 7, (10, 0)),  # touches f only
    ]  # fmt: skip
    result = check_dataset(samples, Expectation(), 0)
    assert codes(result) == ['leak_content', 'leak_file', 'leak_ground', 'leak_group']
    ground = next(f for f in result.issues if f.code == 'leak_ground')
    assert 'g.tif' in ground.file and 'f.tif' in ground.message


def test_validation_and_test_may_share(make):
    file = make('a', 'val', 1, group='G')
    assert (
        codes(check_dataset([file, Sample('test', file.image, group='G')], Expectation(), 0)) == []
    )


def test_duplicates_within_a_split_are_warnings(make):
    result = check_dataset([make('a', 'train', 1), make('b', 'train', 1)], Expectation(), 0)
    assert codes(result) == ['duplicate'] and result.errors == 0


def test_mixtures(make, tmp_path):
    samples = [make('a', 'train', 1)]
    image = np.random.default_rng(1).random((4, 4, 2)).astype(np.float32)
    samples.append(Sample('train', str(write_image(tmp_path / 'b', image))))
    result = check_dataset(samples, Expectation(), 0)
    assert codes(result) == ['bands_mixed', 'types_mixed'] and result.errors == 1
    assert '4: 1 files, 2: 1 files' in result.issues[0].message


def test_a_class_that_is_scored_but_never_trained(make):
    samples = [make('a', 'train', 1, label=0), make('b', 'val', 2, label=1)]
    result = check_dataset(samples, Expectation(labels=LabelRule(2)), 0)
    assert codes(result) == ['class_untrained'] and 'class 1 is in val' in str(result.issues)


def test_normalisation_that_does_not_suit_the_data(make):
    samples = [make('a', 'train', 1)]

    def found(mean, std):
        return codes(check_dataset(samples, Expectation(mean=(mean,) * 4, std=(std,) * 4), 0))

    assert found(100.0, 60.0) == []
    result = check_dataset(samples, Expectation(mean=(100.0,) * 4, std=(0.0,) * 4), 0)
    assert result.errors == 1 and 'std must be positive' in result.issues[0].message
    assert found(0.5, 0.25) == found(100.0, 6000.0) == found(5000.0, 60.0) == ['normalisation']


def test_an_impossible_place_is_an_issue(tmp_path, make):
    samples = [make('a', 'train', 1, (500_000, 0))]
    image = np.random.default_rng(5).integers(0, 9, (4, 4, 4)).astype(np.uint8)
    place = {'crs': 'EPSG:4326', 'transform': Affine(1, 0, 500_000, 0, -1, 0)}
    samples.append(Sample('val', str(write_image(tmp_path / 'b', image, **place))))
    result = check_dataset(samples, Expectation(), 0)
    assert codes(result) == ['georeference'] and 'is the CRS right?' in result.issues[0].message


def test_bands_in_two_orders_are_errors(tmp_path):
    """A folder with images of R, G, B and of B, G, R had no errors."""
    rng = np.random.default_rng(0)
    samples = []
    for split, name, bands in (('train', 'a', 'RGB'), ('train', 'b', 'BGR'), ('val', 'c', 'BGR')):
        image = rng.integers(1, 99, (10, 10, 3)).astype(np.uint8)
        samples.append(Sample(split, str(write_image(tmp_path / name, image, bands))))
    result = check_dataset(samples, Expectation(), 0)
    assert codes(result) == ['band_order'] * 2 and result.errors == 2
    assert 'b.tif has the bands B, G, R' in result.issues[0].message
    assert codes(check_dataset(samples, Expectation(bands=['R', 'G', 'B']), 0)) == []
    assert codes(check_dataset(samples, Expectation(band_names=['x', 'y', 'z']), 0)) == []
