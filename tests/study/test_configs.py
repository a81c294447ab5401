import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from glcnet_plugin.study.configs import band_settings, finetune_config, pretrain_config
from glcnet_plugin.study.settings import read_study


def test_pretraining_reads_the_pool_for_so_many_steps(study, tiles, lists):
    cfg = pretrain_config(study, study.methods['glcnet'], tiles, lists['train'])
    assert len(tiles.train) == 8 and cfg.train_dataloader.batch_size == 4
    assert cfg.train_cfg.max_epochs == cfg.param_scheduler[0].T_max == 1  # 2 steps of 4 tiles
    dataset = cfg.train_dataloader.dataset
    assert dataset.data_root == f'{study.data.root}/images'
    assert dataset.ann_file == str(lists['train'])
    assert cfg.default_hooks.checkpoint.max_keep_ckpts == 1


def test_pretraining_on_another_folder_takes_all_of_it(study_file, tiles, lists, tmp_path):
    from glcnet_plugin.datasets.tiling.folder_writer import write_image

    (tmp_path / 'other').mkdir()
    for index in range(9):
        write_image(tmp_path / f'other/{index}', np.zeros((90, 90, 3), np.uint8))
    options = {'data.pretrain_root': str(tmp_path / 'other'), 'pretrain_steps': 6}
    study = read_study(study_file, options=options)
    cfg = pretrain_config(study, study.methods['glcnet'], tiles, lists['train'])
    dataset = cfg.train_dataloader.dataset
    assert dataset.data_root == str(tmp_path / 'other') and dataset.ann_file == ''
    assert cfg.train_cfg.max_epochs == 3  # 2 steps per epoch


def test_fine_tuning_is_scored_once_at_the_end(study, tiles, lists):
    chosen = {'train': lists['2_0'], 'val': lists['val']}
    cfg = finetune_config(study, study.methods['glcnet'], tiles, chosen)
    assert cfg.train_cfg.max_iters == 2 and cfg.train_dataloader.dataset.ann_file == str(
        lists['2_0']
    )
    assert cfg.test_dataloader.dataset.ann_file == str(lists['val'])
    assert cfg.val_dataloader is None and cfg.val_cfg is None
    assert cfg.default_hooks.checkpoint is None and cfg.model.decode_head.num_classes == 6


def test_a_batch_is_no_larger_than_the_labels_in_epochs(study_file, tiles, lists):
    options = {'finetune_options': {'train_dataloader.batch_size': 16}, 'networks.resnet18w16': (
        'downstream/deeplabv3plus_resnet50_1xb16-adam-exp-150e_folder-rgb.py'
    )}  # fmt: skip
    study = read_study(study_file, options=options)
    chosen = {'train': lists['4_0'], 'val': lists['val']}
    cfg = finetune_config(study, study.methods['glcnet'], tiles, chosen)
    assert cfg.train_dataloader.batch_size == 4


@pytest.mark.parametrize('bands', [3, 4])
def test_other_bands_set_the_network(tmp_path, bands):
    from glcnet_plugin.datasets.tiling.folder_writer import write_image

    rng = np.random.default_rng(0)
    for index in range(3):
        write_image(tmp_path / str(index), rng.integers(0, 9, (20, 20, bands)).astype(np.uint8))
    settings = band_settings(sorted(Path(tmp_path).iterdir()))
    if bands == 3:
        assert settings == {}
    else:
        assert settings['model.backbone.in_channels'] == 4
        assert settings['model.data_preprocessor.mean'] == pytest.approx([4] * 4, abs=0.3)


ONE_THREAD = """
import numpy, sklearn.linear_model, torch
from threadpoolctl import threadpool_info
from glcnet_plugin.study.configs import one_thread
one_thread()
assert {pool['num_threads'] for pool in threadpool_info()} == {1}, threadpool_info()
assert torch.get_num_threads() == 1
"""


def test_one_thread_holds_for_linear_algebra_too():
    """In a process of its own: the limit stays."""
    subprocess.run([sys.executable, '-c', ONE_THREAD], check=True, timeout=120)
