from types import SimpleNamespace

from torch import nn

from glcnet_plugin.engine.bare_model import bare_model


def test_a_wrapper_is_taken_off_and_a_network_left_alone():
    network = nn.Linear(1, 1)
    for model in (network, nn.DataParallel(network)):
        assert bare_model(SimpleNamespace(model=model)) is network
