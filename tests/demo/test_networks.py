import numpy as np
import pytest
from folder_layout import write_image
from networks import FINETUNE, band_settings, pretrain_config, segmentor_config


def test_rgb_keeps_the_settings_of_the_configs(scenes):
    assert band_settings(scenes) == {}
    assert pretrain_config(scenes).model.data_preprocessor.mean == [127.5] * 3
    assert FINETUNE.is_file() and segmentor_config(scenes, 4).model.decode_head.num_classes == 4


def test_other_bands_bring_their_own_statistics(tmp_path):
    images = [np.full((4, 4, 5), value, np.uint16) for value in (1000, 3000)]
    (tmp_path / 'images').mkdir()
    for index, image in enumerate(images):
        write_image(tmp_path / 'images' / f'x{index}', image)
    for cfg in (pretrain_config(tmp_path), segmentor_config(tmp_path, 3)):
        assert cfg.model.backbone.in_channels == 5
        assert cfg.model.data_preprocessor.mean == [2000] * 5
        assert cfg.model.data_preprocessor.std == pytest.approx([1000] * 5)
    assert cfg.val_dataloader.dataset.data_root == str(tmp_path)
