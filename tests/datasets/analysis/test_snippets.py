import numpy as np
import pytest

from glcnet_plugin.datasets.analysis.band_statistics import band_statistics
from glcnet_plugin.datasets.analysis.snippets import class_weight_snippet, normalisation_snippet
from glcnet_plugin.datasets.tiling.folder_writer import write_image


def config(text):
    scope = {}
    exec(text, scope)
    return scope['model']


def test_snippets_of_many_classes_are_python_of_short_lines():
    weights = [0.1234567 * i for i in range(1, 30)]
    text = class_weight_snippet(weights, 'origin')
    assert max(map(len, text.splitlines())) <= 100
    assert config(text)['decode_head']['loss_decode']['class_weight'] == pytest.approx(
        weights, rel=1e-3
    )
    assert class_weight_snippet([1, 2], 'origin').count('\n') == 2


def test_bands_of_one_value_are_not_divided_by_zero(tmp_path):
    path = write_image(tmp_path / 'x', np.array([[[3, 7], [5, 7]]], np.uint16))
    text = normalisation_snippet(band_statistics([path], workers=0), 1)
    assert text.startswith('# 2 bands of 1 images, 2 pixels\n')
    assert config(text)['data_preprocessor'] == {'mean': [4, 7], 'std': [1, 1]}
    assert config(text)['backbone'] == {'in_channels': 2}
