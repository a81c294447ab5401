import json

import numpy as np

from glcnet_plugin.datasets.analysis.sample_checks import Expectation, Sample, check_sample
from glcnet_plugin.datasets.analysis.split_summary import SplitSummary
from glcnet_plugin.datasets.io.labels import LabelRule
from glcnet_plugin.datasets.tiling.folder_writer import write_image, write_mask


def test_sums_over_files(tmp_path):
    images = [np.full((2, 2, 4), 10, np.uint8), np.full((2, 6, 4), 30, np.uint8)]
    summary = SplitSummary()
    for index, image in enumerate(images):
        path = write_image(tmp_path / f'x{index}', image)
        write_mask(tmp_path / 'm.png', np.full(image.shape[:2], index, np.uint8), [(0, 0, 0)])
        sample = Sample('train', str(path), str(tmp_path / 'm.png'))
        summary.add(check_sample(sample, Expectation(labels=LabelRule(2))))
    assert summary.files == 2 and summary.sizes == {'2x2': 1, '2x6': 1}
    np.testing.assert_allclose(summary.mean, 25)
    np.testing.assert_allclose(summary.std, np.std([10, 30, 30, 30]))
    assert summary.class_pixels.tolist() == [4, 12]
    assert json.loads(json.dumps(summary.as_dict()))['maximum'] == 30


def test_nothing_is_known_of_an_empty_split():
    summary = SplitSummary()
    assert summary.mean is summary.std is None and summary.as_dict()['minimum'] is None
