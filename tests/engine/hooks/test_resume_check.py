import os
import time

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch import nn

from glcnet_plugin.checkpoints.latest import WRITTEN
from glcnet_plugin.checkpoints.safe_load import read_checkpoint
from glcnet_plugin.engine.hooks import resume_check
from glcnet_plugin.errors import CheckpointMismatchError, DataError


class Ones(BaseDataset):
    def load_data_list(self):
        return [{'number': i} for i in range(4)]

    def prepare_data(self, index):
        return {'inputs': torch.ones(2)}


class Net(BaseModel):
    def __init__(self, width=3):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(2, width), nn.Linear(width, 1))

    def forward(self, inputs, data_samples=None, mode='loss'):
        return {'loss': self.net(torch.stack(inputs)).pow(2).mean()}


def train(folder, epochs=3, resume=False, load_from=None, width=3, rate=0.1):
    cfg = dict(
        model=dict(width=width),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=rate)),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
    )
    runner = Runner(
        model=Net(width),
        work_dir=str(folder),
        train_dataloader=dict(
            dataset=Ones(), batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler')
        ),
        train_cfg=cfg['train_cfg'],
        optim_wrapper=cfg['optim_wrapper'],
        custom_hooks=[dict(type='glcnet_plugin.ResumeCheckHook')],
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1)),
        load_from=load_from and str(load_from),
        resume=resume,
        cfg=Config(cfg),
        experiment_name=f'{folder}_{epochs}_{width}_{rate}_{resume}',
    )
    runner.train()
    return logs(folder)


def logs(folder):
    return '\n'.join(p.read_text() for p in sorted(folder.rglob('*.log')))


def damage(path):
    os.truncate(path, path.stat().st_size // 2)


def test_a_damaged_newest_checkpoint_falls_back_loudly(tmp_path):
    train(tmp_path)
    damage(tmp_path / 'epoch_3.pth')
    text = train(tmp_path, epochs=4, resume=True)
    assert f'damaged or missing: {tmp_path}/epoch_3.pth. Resuming from the previous one: ' in text
    assert 'resumed epoch: 2, iter: 4' in text


def test_without_a_whole_checkpoint_nothing_is_overwritten(tmp_path):
    train(tmp_path, epochs=1)
    damage(tmp_path / 'epoch_1.pth')
    with pytest.raises(DataError, match='epoch_1.pth.*start again without --resume'):
        train(tmp_path, resume=True)
    with pytest.raises(DataError, match='damaged or truncated'):
        train(tmp_path, resume=True, load_from=tmp_path / 'epoch_1.pth')


def test_an_empty_work_dir_starts_anew(tmp_path):
    train(tmp_path, epochs=1, resume=True)
    assert (tmp_path / 'epoch_1.pth').is_file()


def test_differing_settings_are_listed(tmp_path):
    train(tmp_path, epochs=1)
    text = train(tmp_path, epochs=2, resume=True, rate=0.2)
    assert 'settings, in the checkpoint -> now:' in text
    assert 'optim_wrapper.optimizer.lr: 0.1 -> 0.2' in text
    assert 'train_cfg.max_epochs: 1 -> 2' in text


def test_another_network_is_refused(tmp_path):
    train(tmp_path, epochs=1)
    with pytest.raises(CheckpointMismatchError, match='3 tensors differ') as caught:
        train(tmp_path, epochs=2, resume=True, width=5)
    assert 'model.width: 3 -> 5' in str(caught.value) and '--pretrained' in str(caught.value)


def test_weights_alone_are_no_training(tmp_path):
    torch.save({'state_dict': Net().state_dict()}, tmp_path / 'weights.pth')
    with pytest.raises(CheckpointMismatchError, match='weights only'):
        train(tmp_path, resume=True, load_from=tmp_path / 'weights.pth')


class Nothing(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return {'samples': len(results)}


class Scored(Net):
    def forward(self, inputs, data_samples=None, mode='loss'):
        return inputs if mode == 'predict' else super().forward(inputs, data_samples, mode)


def score(folder, checkpoint, width=3):
    runner = Runner(
        model=Scored(width),
        work_dir=str(folder),
        test_dataloader=dict(
            dataset=Ones(), batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler')
        ),
        test_cfg=dict(),
        test_evaluator=Nothing(),
        custom_hooks=[dict(type='glcnet_plugin.ResumeCheckHook')],
        load_from=str(checkpoint),
        cfg=Config(dict(model=dict(width=width))),
        experiment_name=f'{folder}_score_{width}',
    )
    return runner.test()


def test_weights_of_another_network_are_not_scored(tmp_path):
    """As a pretraining, which has no classifier, would be: mmengine only warns."""
    train(tmp_path, epochs=1)
    assert score(tmp_path / 'fits', tmp_path / 'epoch_1.pth') == {'samples': 2}  # batches
    with pytest.raises(CheckpointMismatchError, match='checkpoint to test is of another network'):
        score(tmp_path / 'other', tmp_path / 'epoch_1.pth', width=4)


def test_weights_without_a_frame_are_scored(tmp_path):
    torch.save(Scored().state_dict(), tmp_path / 'bare.pth')
    assert score(tmp_path / 'fits', tmp_path / 'bare.pth') == {'samples': 2}


def test_a_checkpoint_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r'there is no epoch_9.pth .*give its whole path'):
        train(tmp_path, resume=True, load_from='epoch_9.pth')


def test_processes_that_see_different_checkpoints(tmp_path, monkeypatch):
    """As with a work dir on the disk of one machine: the others would start anew."""
    train(tmp_path, epochs=1)
    monkeypatch.setattr(resume_check, 'all_gather_object', lambda chosen: [chosen, None])
    with pytest.raises(DataError, match='epoch_1.pth.*a folder that all machines share'):
        train(tmp_path, epochs=2, resume=True)


def test_weights_with_nan_are_neither_resumed_nor_scored_nor_started_from(tmp_path):
    train(tmp_path, epochs=1)
    content = torch.load(tmp_path / 'epoch_1.pth', weights_only=False)
    content['state_dict']['net.0.bias'][1] = float('nan')
    torch.save(content, tmp_path / 'epoch_1.pth')
    message = r'(?s)epoch_1.pth holds NaN in 1 of 4 tensors.*net.0.bias'
    with pytest.raises(DataError, match=message):
        train(tmp_path, epochs=2, resume=True)
    with pytest.raises(DataError, match=message):
        train(tmp_path / 'b', epochs=2, load_from=tmp_path / 'epoch_1.pth')
    with pytest.raises(DataError, match=message):
        score(tmp_path / 'c', tmp_path / 'epoch_1.pth')


def test_checkpoints_say_when_they_were_written(tmp_path):
    before = time.time()
    train(tmp_path, epochs=2)
    written = [read_checkpoint(str(tmp_path / f'epoch_{i}.pth'))['meta'][WRITTEN] for i in (1, 2)]
    assert before < written[0] < written[1] < time.time()


def test_a_checkpoint_outside_of_the_work_dir_is_named(tmp_path):
    train(tmp_path / 'a', epochs=1)
    (tmp_path / 'b').mkdir()
    (tmp_path / 'b/last_checkpoint').write_text(str(tmp_path / 'a/epoch_1.pth'))
    text = train(tmp_path / 'b', epochs=2, resume=True)
    assert 'a/epoch_1.pth, outside of the work dir' in text and 'resumed epoch: 1' in text
