"""Harmless payloads: each touches a file when it is executed."""

import os
import zipfile

import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import BaseDataset
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.runner.checkpoint import CheckpointLoader, load_checkpoint

from glcnet_plugin.checkpoints import mm_reader
from glcnet_plugin.checkpoints.mm_reader import load_from_safe, use_safe_reader
from glcnet_plugin.checkpoints.safe_load import read_checkpoint
from glcnet_plugin.errors import DataError


@pytest.fixture(autouse=True)
def _mm_readers(monkeypatch):
    """The readers of mmengine, which a hook of the run replaces."""
    monkeypatch.setattr(CheckpointLoader, '_schemes', dict(CheckpointLoader._schemes))


class Ones(BaseDataset):
    def load_data_list(self):
        return [{'number': i} for i in range(4)]

    def prepare_data(self, index):
        return {'inputs': torch.ones(2)}


class Net(BaseModel):
    def __init__(self):
        super().__init__()
        self.net = torch.nn.Linear(2, 1)

    def forward(self, inputs, data_samples=None, mode='loss'):
        value = self.net(torch.stack(inputs))
        return value if mode == 'predict' else {'loss': value.pow(2).mean()}


class Nothing(BaseMetric):
    def process(self, data_batch, data_samples):
        self.results.append(0)

    def compute_metrics(self, results):
        return {'samples': len(results)}


def loader():
    return dict(dataset=Ones(), batch_size=2, num_workers=0, sampler=dict(type='DefaultSampler'))


def runner(folder, epochs=2, **settings):
    return Runner(
        model=Net(),
        work_dir=str(folder),
        train_dataloader=loader(),
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=0.1)),
        param_scheduler=dict(type='CosineAnnealingLR', T_max=8, by_epoch=False),
        test_dataloader=loader(),
        test_cfg=dict(),
        test_evaluator=Nothing(),
        default_hooks=dict(checkpoint=dict(type='CheckpointHook', interval=1)),
        custom_hooks=[dict(type='glcnet_plugin.ResumeCheckHook')],
        cfg=Config(dict(model=dict(type='Net'))),
        experiment_name=f'{folder}_{len(settings)}_{epochs}',
        **settings,
    )


class Payload:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f'touch {self.path}',)


def pickle_payload(content, mark):
    content['meta']['extra'] = Payload(mark)


def config_payload(content, mark):
    """Tensors and plain strings, as ``weights_only=True`` accepts."""
    content['meta']['config'] = f"import os\nos.system('touch {mark}')\n"


@pytest.fixture
def trained(tmp_path):
    torch.manual_seed(0)
    runner(tmp_path).train()
    return tmp_path / 'epoch_1.pth'


@pytest.mark.parametrize('way', ['resume', 'load_from', 'score', 'pretrained'])
def test_a_payload_in_the_pickle_does_not_run(trained, tmp_path, way):
    mark = tmp_path / 'mark'
    content = torch.load(trained, weights_only=False)
    pickle_payload(content, mark)
    torch.save(content, trained)
    run = runner(tmp_path / 'next', load_from=str(trained), resume=way == 'resume')
    run.model.init_cfg = dict(type='Pretrained', checkpoint=str(trained))
    actions = {
        'score': run.test,
        'pretrained': run.model.init_weights,
        'resume': run.train,
        'load_from': run.train,
    }
    with pytest.raises(DataError, match=r'epoch_1.pth is refused: it holds \w+.system'):
        actions[way]()
    assert not mark.exists()


def test_a_config_in_the_checkpoint_is_not_executed(trained, tmp_path):
    mark = tmp_path / 'mark'
    content = torch.load(trained, weights_only=False)
    config_payload(content, mark)
    del content['message_hub']['log_scalars']['train/loss']
    torch.save(content, trained)
    runner(tmp_path / 'next', load_from=str(trained), resume=True).train()
    assert (tmp_path / 'next/epoch_2.pth').is_file() and not mark.exists()
    assert load_from_safe(str(trained))['meta']['cfg'] == content['meta']['cfg']


def test_an_old_config_is_kept_for_comparison_alone(trained):
    content = torch.load(trained, weights_only=False)
    content['meta']['config'] = content['meta'].pop('cfg')
    torch.save(content, trained)
    meta = load_from_safe(str(trained))['meta']
    assert meta['cfg'] == content['meta']['config'] and 'config' not in meta


def test_own_checkpoints_resume_exactly(trained, tmp_path):
    whole = read_checkpoint(str(tmp_path / 'epoch_2.pth'))
    runner(tmp_path / 'next', load_from=str(trained), resume=True).train()
    resumed = read_checkpoint(str(tmp_path / 'next/epoch_2.pth'))
    for key in ('state_dict', 'optimizer', 'param_schedulers'):
        assert str(whole[key]) == str(resumed[key])
    histories = [c['message_hub']['log_scalars']['train/loss'].data[0] for c in (whole, resumed)]
    assert list(histories[0]) == list(histories[1]) and len(histories[0]) == 4


def test_every_reader_of_mmengine_is_replaced(trained, monkeypatch, tmp_path):
    use_safe_reader()
    read = []
    monkeypatch.setattr(mm_reader, 'read_checkpoint', lambda name, _: read.append(name) or {'a': 1})
    names = ['x.pth', 'https://a/x.pth', 'http://a/x.pth', 'torchvision://r', 'open-mmlab://r']
    for name in names:
        CheckpointLoader.load_checkpoint(name)
    assert read == names


def test_the_backbone_of_a_classifier(monkeypatch):
    state = {'backbone.conv1.weight': 1, 'head.fc.weight': 2}
    monkeypatch.setattr(mm_reader, 'read_checkpoint', lambda *_: {'state_dict': state})
    assert load_from_safe('mmcls://resnet50') == {'state_dict': {'conv1.weight': 1}}


def test_a_zip_bomb_is_refused_when_it_is_resumed(trained, tmp_path):
    bomb = tmp_path / 'next/epoch_9.pth'
    bomb.parent.mkdir()
    with zipfile.ZipFile(bomb, 'w', zipfile.ZIP_DEFLATED) as archive:
        archive.writestr('archive/data/0', bytes(10**7))
    with pytest.raises(DataError, match='would unpack to 10,000,000'):
        runner(tmp_path / 'next', resume=True).train()


def test_networks_are_loaded_by_it(trained):
    use_safe_reader()
    network = Net()
    load_checkpoint(network, str(trained))
    state = torch.load(trained, weights_only=False)['state_dict']
    assert torch.equal(network.net.weight, state['net.weight'])
