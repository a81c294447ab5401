from pathlib import Path

import numpy as np
import pytest

from glcnet_plugin.datasets.analysis.check_sources import (
    inputs_from_folder,
    inputs_from_pairs,
)
from glcnet_plugin.datasets.analysis.sample_checks import Expectation
from glcnet_plugin.datasets.tiling.folder_writer import write_image
from glcnet_plugin.errors import DataError


def stems(inputs, split):
    return [Path(s.image).stem for s in inputs.samples if s.split == split]


def test_a_labelled_folder_and_its_lists(labelled_folder):
    everything = inputs_from_folder(labelled_folder, {})
    assert stems(everything, 'train') == ['a1', 'a2', 'b1']
    assert everything.samples[2].group == 'B' and everything.expected.labels.num_classes == 2
    (labelled_folder / 'v.txt').write_bytes(b'images\\b1.png\r\n')
    assert stems(
        inputs_from_folder(labelled_folder, {'val': labelled_folder / 'v.txt'}), 'val'
    ) == ['b1']
    (labelled_folder / 'v.txt').write_text('b1\nb1.png\n')
    with pytest.raises(DataError, match=r"names \['b1'\] more than once"):
        inputs_from_folder(labelled_folder, {'val': labelled_folder / 'v.txt'})
    (labelled_folder / 'v.txt').write_text('zz')
    with pytest.raises(DataError, match=r"v.txt names 1 images that .* lacks.*\['zz'\]"):
        inputs_from_folder(labelled_folder, {'val': labelled_folder / 'v.txt'})


def test_files_that_the_manifest_and_the_folder_do_not_share(labelled_folder):
    (labelled_folder / 'images/a1.png').rename(labelled_folder / 'images/zz.png')
    inputs = inputs_from_folder(labelled_folder, {})
    assert sorted(issue.code for issue in inputs.issues) == ['image_missing', 'not_listed']


def test_two_folders(labelled_folder):
    (labelled_folder / 'images/a1.png').unlink()
    folders = labelled_folder / 'images', labelled_folder / 'masks'
    inputs = inputs_from_pairs(*folders, Expectation())
    assert stems(inputs, 'train') == ['a2', 'b1']
    assert [(i.code, Path(i.file).name) for i in inputs.issues] == [('mask_alone', 'a1.png')]
    assert inputs_from_pairs(folders[0], None, Expectation()).samples[0].mask is None
    write_image(labelled_folder / 'images/a2', np.zeros((4, 4, 4), np.uint8))
    twice = inputs_from_pairs(*folders, Expectation())
    assert stems(twice, 'train') == ['a2', 'b1']
    assert [issue.code for issue in twice.issues] == ['name_twice', 'mask_alone']
    with pytest.raises(DataError, match='no image below'):
        inputs_from_pairs(labelled_folder / 'splits', None, Expectation())
