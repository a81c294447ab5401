import copy
from types import SimpleNamespace

import torch
from torch import nn

from glcnet_plugin.engine.hooks import ChannelsLastHook


def test_weights_are_stored_with_the_channels_last(train, tiny_glcnet, tmp_path):
    model = train(tiny_glcnet, tmp_path / 'a', [ChannelsLastHook()], epochs=1).model.eval()
    kernel = model.state_dict()['backbone.layer1.0.conv1.weight']
    assert kernel.is_contiguous(memory_format=torch.channels_last) and not kernel.is_contiguous()
    plain = copy.deepcopy(model).to(memory_format=torch.contiguous_format)
    images = torch.rand(2, 3, 48, 48)
    with torch.no_grad():
        for one, other in zip(model.backbone(images), plain.backbone(images), strict=True):
            assert one.is_contiguous(memory_format=torch.channels_last)
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-4)


def test_weights_of_three_dimensional_convolutions_stay():
    """Module.to(memory_format=...) refuses them."""
    model = nn.ModuleList([nn.Conv2d(2, 3, 3), nn.Conv3d(2, 3, 3)])
    model.register_buffer('queue', torch.zeros(2, 3, 4, 5, 6))
    ChannelsLastHook().before_train(SimpleNamespace(model=model))
    assert model[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert model[1].weight.is_contiguous() and model.queue.is_contiguous()
