import copy
import sys
from types import SimpleNamespace

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

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


class ViewedWeights(BaseModel):
    """Initialises its weights as MAE of mmpretrain does: by a view of two dimensions."""

    def __init__(self):
        super().__init__()
        self.kernel = nn.Conv2d(3, 4, 3)

    def init_weights(self):
        super().init_weights()
        nn.init.ones_(self.kernel.weight.data.view(4, -1))

    def forward(self, inputs, mode='loss'):
        return {'loss': self.kernel(inputs).mean()}


def test_initialisers_meet_the_weights_as_they_were_made(tmp_path):
    runner = Runner(
        model=ViewedWeights(),
        work_dir=str(tmp_path),
        train_dataloader=DataLoader([{'inputs': torch.ones(3, 5, 5)}]),
        train_cfg=dict(by_epoch=True, max_epochs=1),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.0)),
        custom_hooks=[ChannelsLastHook()],
        experiment_name=str(tmp_path),
    )
    weight = runner.train().kernel.weight
    assert not weight.is_contiguous() and (weight == 1).all()


def test_weights_of_three_dimensional_convolutions_stay():
    """Module.to(memory_format=...) refuses them."""
    model = nn.ModuleList([nn.Conv2d(2, 3, 3), nn.Conv3d(2, 3, 3)])
    model.register_buffer('queue', torch.zeros(2, 3, 4, 5, 6))
    ChannelsLastHook().before_train(SimpleNamespace(model=model))
    assert model[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert model[1].weight.is_contiguous() and model.queue.is_contiguous()


DISTRIBUTED = """
import copy
import weakref
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn
from glcnet_plugin.engine.hooks import ChannelsLastHook

class Model(BaseModel):
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Conv2d(8, 4, 3))

    def forward(self, x, mode='tensor'):
        return self.net(x)

class Bare(Runner):
    distributed = True

    def __init__(self, model):
        wrapper = dict(type='MMDistributedDataParallel', device_ids=None)
        self.cfg = Config(dict(model_wrapper_cfg=wrapper))
        self.model = self.wrap_model(wrapper, model)
        self.compiled = []

    def _maybe_compile(self, target):
        self.compiled.append(target)
        setattr(self.model, target, torch.compile(getattr(self.model, target), backend='eager'))

torch.distributed.init_process_group('gloo')
torch.manual_seed(0)
alone = Model()
runner = Bare(copy.deepcopy(alone))
runner._maybe_compile('train_step')  # as mmengine does before a training
first = weakref.ref(runner.model)
ChannelsLastHook().before_val(runner)
assert runner.compiled == ['train_step'] and first() is None
for tensor in runner.model.parameters():
    tensor.data = tensor.data.contiguous()
runner._maybe_compile('train_step')
first = weakref.ref(runner.model)
for _ in range(2):  # a test after a training runs the hooks again
    ChannelsLastHook().before_train(runner)
assert runner.compiled == ['train_step'] * 3 and first() is None
images = torch.rand(2, 3, 12, 12)
for model in (alone, runner.model):
    model(images).square().mean().backward()
for one, other in zip(alone.parameters(), runner.model.module.parameters(), strict=True):
    torch.testing.assert_close(one.grad, other.grad, rtol=1e-4, atol=1e-5)
assert not runner.model.module.net[0].weight.is_contiguous()
"""


@pytest.mark.slow
def test_first_gradients_of_a_distributed_run(run_ranks):
    """The wrapper had been built with other strides: it permuted gradients in the first step."""
    run_ranks(2, [sys.executable, '-c', DISTRIBUTED])
