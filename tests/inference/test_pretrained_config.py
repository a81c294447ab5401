import pytest
from mmengine.config import Config

from glcnet_plugin.inference.pretrained_config import recorded_config, take_backbone, take_loading

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


def test_a_file_without_a_config_changes_nothing(tmp_path, base):
    import torch

    torch.save({'state_dict': {'w': torch.zeros(1)}}, tmp_path / 'x.pth')
    assert recorded_config(str(tmp_path / 'x.pth')) == {}
    cfg, before = Config.fromfile(base), Config.fromfile(base)
    take_backbone(cfg, str(tmp_path / 'x.pth'), {})
    take_loading(cfg, {})
    assert cfg.pretty_text == before.pretty_text
