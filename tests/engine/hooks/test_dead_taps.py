import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn
from torch.utils.data import DataLoader

from glcnet_plugin.engine.hooks import dead_taps
from glcnet_plugin.engine.hooks.dead_taps import DeadTapsHook


class Net(BaseModel):
    def __init__(self, rate):
        super().__init__()
        self.aspp = nn.Conv2d(1, 1, 3, padding=rate, dilation=rate)

    def forward(self, inputs, mode='tensor'):
        result = self.aspp(inputs)
        return {'loss': result.mean()} if mode == 'loss' else [result.mean()]


class Score(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return {'score': 1.0}


def collate(images):
    return {'inputs': torch.stack(images)}


def runner(folder, rate, crop=6, whole=16, **settings):
    def loader(side):
        return DataLoader([torch.rand(1, side, side)] * 4, 2, collate_fn=collate)

    return Runner(
        Net(rate), str(folder), train_dataloader=loader(crop), val_dataloader=loader(whole),
        test_dataloader=loader(whole), train_cfg=dict(by_epoch=True, max_epochs=2),
        val_cfg=dict(), test_cfg=dict(), val_evaluator=[Score()], test_evaluator=[Score()],
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)), custom_hooks=[DeadTapsHook()],
        experiment_name=f'{folder}{settings}', **settings,
    )  # fmt: skip


@pytest.fixture
def said(monkeypatch):
    texts = []
    monkeypatch.setattr(dead_taps, 'print_log', lambda text, *_: texts.append(text))
    return texts


def test_training_and_validation_warn(tmp_path, said):
    runner(tmp_path, rate=6).train()
    training, *scoring = said
    assert 'aspp: rate 6 on 6 x 6 cells: 8 of 9 taps never see the image' in training
    assert 'use smaller rates (model.decode_head.dilations)' in training
    assert len(scoring) == 2  # one per validation
    assert 'on 16 x 16 cells 8 of them are used untrained' in scoring[0]
    assert "mode='slide'" in scoring[0]


def test_a_test_knows_the_training_by_its_checkpoint(tmp_path, said):
    runner(tmp_path, rate=6).train()
    said.clear()
    runner(tmp_path, rate=6, load_from=str(tmp_path / 'epoch_2.pth')).test()
    assert len(said) == 1 and 'rate 6 on 6 x 6 cells in training' in said[0]
    runner(tmp_path, rate=6, whole=6, load_from=str(tmp_path / 'epoch_2.pth')).test()
    assert len(said) == 1


def test_rates_that_fit_are_not_mentioned(tmp_path, said):
    run = runner(tmp_path, rate=5)
    run.train()
    assert said == [] and not run.model.aspp._forward_pre_hooks
    saved = torch.load(tmp_path / 'epoch_2.pth', weights_only=False)
    assert saved['meta']['dilated_maps'] == {'aspp': [6, 6]}


def test_the_training_is_not_changed(tmp_path):
    weights = []
    for hooks in ([], [DeadTapsHook()]):
        torch.manual_seed(0)
        run = runner(tmp_path, rate=6)
        run._hooks = [h for h in run.hooks if not isinstance(h, DeadTapsHook)] + hooks
        run.train()
        weights.append(run.model.aspp.weight)
    torch.testing.assert_close(weights[0], weights[1], rtol=0, atol=0)
