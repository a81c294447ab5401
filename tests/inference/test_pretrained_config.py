import pytest
from mmengine.config import Config

from glcnet_plugin.inference.pretrained_config import (
    recorded_config,
    take_backbone,
    take_loading,
    trained_decoder,
)

pytestmark = pytest.mark.slow  # the fixture builds networks


def test_backbone_normalisation_and_bands_are_those_of_the_pretraining(pretrained, base):
    recorded = recorded_config(str(pretrained[0]))
    recorded['train_dataloader']['dataset']['pipeline'][0]['bands'] = [2, 1, 0]
    cfg = Config.fromfile(base)
    take_backbone(cfg, str(pretrained[0]), recorded)
    take_loading(cfg, recorded)
    assert cfg.model.backbone.base_channels == 8
    assert cfg.model.data_preprocessor['mean'] == [100.0, 110.0, 120.0]
    assert cfg.model.decode_head.in_index == [0, 1, 2, 3]
    for loader in (cfg.train_dataloader, cfg.test_dataloader):
        (reader,) = (s for s in loader.dataset.pipeline if s.type == 'glcnet_plugin.LoadRSImage')
        assert reader.bands == [2, 1, 0]


def test_the_decoder_is_what_a_local_branch_trained_without_a_neck(pretrained):
    model = recorded_config(str(pretrained[0]))['model']
    assert trained_decoder({'model': model}) == model['decode_head']
    for changed in ({'local_head': None}, {'neck': {'type': 'FPN'}}, {'decode_head': None}):
        assert trained_decoder({'model': {**model, **changed}}) is None
    assert trained_decoder({}) is None


def test_only_a_linear_decoder_head_gets_the_decoder(pretrained, base):
    """Another head may call something else its decoder."""
    recorded = recorded_config(str(pretrained[0]))
    for kind, taken in (('LinearDecoderHead', True), ('LinearHead', False)):
        cfg = Config.fromfile(base)
        cfg.model.decode_head.update(type=f'glcnet_plugin.{kind}', decoder='own')
        take_backbone(cfg, str(pretrained[0]), recorded)
        assert (cfg.model.decode_head.decoder == recorded['model']['decode_head']) == taken


def test_a_file_without_a_config_changes_nothing(tmp_path, base):
    import torch

    torch.save({'state_dict': {'w': torch.zeros(1)}}, tmp_path / 'x.pth')
    assert recorded_config(str(tmp_path / 'x.pth')) == {}
    cfg, before = Config.fromfile(base), Config.fromfile(base)
    take_backbone(cfg, str(tmp_path / 'x.pth'), {})
    take_loading(cfg, {})
    assert cfg.pretty_text == before.pretty_text


def test_the_reader_below_wrappers_is_found(pretrained, base):
    recorded = recorded_config(str(pretrained[0]))
    inner = recorded['train_dataloader']['dataset']
    inner['pipeline'][0]['bands'] = [2, 1, 0]
    whole = {'type': 'ConcatDataset', 'datasets': [inner, inner]}
    recorded['train_dataloader']['dataset'] = {'type': 'RepeatDataset', 'dataset': whole}
    cfg = Config.fromfile(base)
    take_loading(cfg, recorded)
    assert cfg.test_dataloader.dataset.pipeline[1].bands == [2, 1, 0]
    other = {**inner, 'pipeline': [{**inner['pipeline'][0], 'bands': [0, 1, 2]}]}
    recorded['train_dataloader']['dataset'] = {**whole, 'datasets': [inner, other]}
    cfg = Config.fromfile(base)
    take_loading(cfg, recorded)
    assert 'bands' not in cfg.test_dataloader.dataset.pipeline[1]


@pytest.mark.parametrize('inside', [True, False])
def test_normalisation_of_a_checkpoint_without_a_record_of_bands(pretrained, base, inside):
    """Such are those of mmpretrain."""
    import torch

    content = torch.load(pretrained[0], weights_only=True)
    del content['meta']['bands']
    torch.save(content, pretrained[0])
    recorded = recorded_config(str(pretrained[0]))
    recorded['model'].pop('data_preprocessor')
    stated = {'mean': [1.0, 2.0, 3.0], 'std': [4.0, 5.0, 6.0]}
    (recorded['model'] if inside else recorded)['data_preprocessor'] = stated
    cfg = Config.fromfile(base)
    take_backbone(cfg, str(pretrained[0]), recorded)
    assert cfg.model.data_preprocessor['mean'] == [1.0, 2.0, 3.0]
    assert cfg.model.data_preprocessor['std'] == [4.0, 5.0, 6.0]
