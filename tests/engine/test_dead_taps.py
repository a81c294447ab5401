import numpy as np
import pytest
import torch
from torch import nn

from glcnet_plugin.engine.dead_taps import (
    MapRecorder,
    dead_taps,
    dilated_layers,
    live_taps,
    shortened,
    untrained_taps,
)


def conv(rate, **settings):
    settings = {'padding': rate, 'kernel_size': 3, **settings}
    return nn.Conv2d(1, 1, dilation=rate, **settings)


@pytest.mark.parametrize(
    ('layer', 'size'),
    [
        (conv(18), (16, 16)),
        (conv(12), (14, 16)),
        (conv(6), (6, 9)),
        (conv(2), (2, 2)),
        (conv(3, padding='same'), (3, 5)),
        (conv(2, padding=4, stride=2), (3, 7)),
        (conv((2, 5), padding=(2, 5)), (4, 4)),
        (conv(4, kernel_size=5, padding=8), (7, 9)),
    ],
)
def test_taps_without_a_gradient_are_dead(layer, size):
    nn.init.ones_(layer.weight)
    layer(torch.rand(1, 1, *size)).sum().backward()
    np.testing.assert_array_equal(live_taps(layer, size), layer.weight.grad[0, 0] != 0)


def test_rate_18_on_16_cells():
    assert live_taps(conv(18), (16, 16)).sum() == 1  # the centre
    assert live_taps(conv(12), (16, 16)).all()


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.plain, self.wide = conv(1), conv(6)
        self.mirrored = conv(6, padding_mode='circular')

    def forward(self, x):
        return self.wide(self.plain(x))


def test_maps_are_recorded_until_they_are_not():
    net = Net()
    assert set(dilated_layers(net)) == {'wide'}
    recorder = MapRecorder(net)
    for size in ((5, 9), (7, 4)):
        net(torch.rand(1, 1, *size))
    recorder.remove()
    net(torch.rand(1, 1, 20, 20))
    assert recorder.sizes == {'wide': (7, 9)}


def test_messages_name_layer_rate_map_and_taps():
    net = Net()
    assert dead_taps(net, {'wide': (6, 6)}) == [
        'wide: rate 6 on 6 x 6 cells: 8 of 9 taps never see the image'
    ]
    assert dead_taps(net, {'wide': (7, 7)}) == [] == dead_taps(net, {})
    assert untrained_taps(net, {'wide': (6, 6)}, {'wide': (16, 12)}) == [
        'wide: rate 6 on 6 x 6 cells in training: 8 of 9 taps never saw an image; on 16 x 12 '
        'cells 8 of them are used untrained'
    ]
    assert untrained_taps(net, {'wide': (6, 6)}, {'wide': (6, 6)}) == []
    assert untrained_taps(net, {'wide': (7, 7)}, {'wide': (64, 64)}) == []
    assert untrained_taps(net, {}, {'wide': (64, 64)}) == []


def test_long_lists_are_shortened():
    assert shortened(['a', 'b']) == '\n  a\n  b'
    assert shortened(['x'] * 11).endswith('\n  ... and 3 more layers')
