"""Reasons in words are tested with real networks in test_loading.py."""

import pytest
import torch

from glcnet_plugin.checkpoints.match import compare


def tensors(**shapes):
    return {key.replace('_', '.'): torch.zeros(shape) for key, shape in shapes.items()}


def test_differences_are_values():
    model = tensors(backbone_a=(2,), backbone_b=(3, 4), backbone_c=(1,))
    file = tensors(backbone_b=(3, 5), backbone_c=(1,), backbone_d=(1,))
    found = compare(model, file, file)
    assert found and found.missing == ['backbone.a'] and found.surplus == ['backbone.d']
    assert [tuple(shape) for shape in found.shapes] == [('backbone.b', (3, 5), (3, 4))]
    assert found.headless and not found.empty
    assert 'backbone.b (3, 5) in the file, (3, 4) in the model' in str(found)
    assert not compare(file, file, file)


@pytest.mark.parametrize(
    ('in_file', 'in_model', 'reason'),
    [
        ((8, 3, 4, 4), (8, 5, 4, 4), 'another number of bands'),
        ((8, 3, 4, 4), (9, 5, 4, 4), 'another depth, width or type'),
        ((8, 3, 4, 4), (8, 3, 2, 2), 'another depth, width or type'),
        ((8, 3), (8, 5), 'another depth, width or type'),
    ],
)
def test_patch_embeddings_for_other_bands(in_file, in_model, reason):
    model = tensors(backbone_projection=in_model)
    file = tensors(backbone_projection=in_file)
    assert reason in compare(model, file, file).likely_reason()


def test_more_than_one_misfit_is_no_matter_of_bands():
    model = tensors(backbone_p=(8, 5, 4, 4), backbone_q=(8,))
    file = tensors(backbone_p=(8, 3, 4, 4), backbone_q=(9,))
    assert 'another width or type of backbone' in compare(model, file, file).likely_reason()


def test_another_width_of_the_first_convolution_is_no_matter_of_bands():
    model = tensors(backbone_conv1_weight=(64, 4, 7, 7), backbone_a=(1,))
    file = tensors(backbone_conv1_weight=(16, 4, 7, 7))
    reason = compare(model, file, file).likely_reason()
    assert 'another depth, width or type' in reason and 'bands' not in reason


def test_another_depth():
    model, file = tensors(backbone_a=(1,), backbone_b=(2,)), tensors(backbone_a=(1,))
    assert 'another depth or type of backbone' in compare(model, file, file).likely_reason()
