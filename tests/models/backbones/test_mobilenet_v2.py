import pytest
import torch
from mmengine.registry import MODELS

from glcnet_plugin.models.backbones.mobilenet_v2 import RSMobileNetV2

SMALL = dict(widen_factor=0.25, out_indices=(1, 2, 4, 6))


@pytest.mark.parametrize('bands', [1, 4])
def test_any_number_of_bands(mmseg_scope, bands):
    model = MODELS.build(dict(type='glcnet_plugin.RSMobileNetV2', in_channels=bands, **SMALL))
    model.eval()  # gives nothing back in MM
    assert len(model(torch.rand(1, bands, 32, 32))) == 4


def test_three_bands_are_as_in_mm(mmseg_scope):
    theirs = MODELS.build(dict(type='mmseg.MobileNetV2', **SMALL))
    ours = RSMobileNetV2(**SMALL)
    ours.load_state_dict(theirs.state_dict())
    ours.eval()
    theirs.eval()
    x = torch.rand(1, 3, 32, 32)
    for a, b in zip(ours(x), theirs(x), strict=True):
        assert torch.equal(a, b)
